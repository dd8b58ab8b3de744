import { tf } from "@opf/framework";
import { assertEquals, assertLess } from "@std/assert";
import { fusedSplitHeads, joinHeads, splitHeads } from "../../../../plugins/models/_kernels/heads.ts";
import { matrix, norm } from "../../../_tensors.ts";

for (const [batch, length, heads, size] of [[1, 1, 1, 1], [2, 3, 4, 5], [8, 40, 6, 40]] as const) {
  Deno.test(`heads of ${batch}×${length}×${heads}×${size} split with a bias as plainly, and join again`, () =>
    tf.tidy(() => {
      const x = matrix(batch * length, heads * size), bias = tf.reshape(matrix(1, heads * size, 2), [heads * size]);
      const split = splitHeads(x, { batch, heads, bias });
      assertEquals(split.shape, [batch, heads, length, size]);
      assertEquals(norm(tf.sub(joinHeads(split), tf.add(x, bias))), 0);
      const outputGradient = tf.reshape(matrix(batch * heads * length, size, 3), split.shape);
      const [actual, expected] = [fusedSplitHeads, splitHeads].map((compute) => {
        const of = (...[x, bias]: tf.Tensor[]) => compute(x!, { batch, heads, bias: bias! });
        return [of(x, bias), ...tf.grads(of)([x, bias], outputGradient)];
      }) as [tf.Tensor[], tf.Tensor[]];
      actual.forEach((tensor, index) =>
        assertLess(norm(tf.sub(tensor, expected[index]!)), 1e-5 * norm(expected[index]!) + 1e-9)
      );
    }));
}
