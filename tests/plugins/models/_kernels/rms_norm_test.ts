import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import { fusedRmsNorm, rmsNorm } from "../../../../plugins/models/_kernels/rms_norm.ts";
import { matrix, norm } from "../../../_tensors.ts";

for (const [rows, width] of [[1, 1], [5, 3], [300, 240]] as const) { // the last as compiled kernels
  Deno.test(`fusedRmsNorm() of ${rows}×${width} agrees with the equation`, () =>
    tf.tidy(() => {
      const inputs = [matrix(rows, width), tf.add(tf.reshape(matrix(1, width, 2), [width]), 2)];
      const [actual, expected] = [fusedRmsNorm, rmsNorm].map((compute) => {
        const of = (...[x, gamma]: tf.Tensor[]) => compute(x!, { gamma: gamma!, epsilon: 1e-3 });
        return [of(...inputs), ...tf.grads(of)(inputs, matrix(rows, width, 3))];
      }) as [tf.Tensor[], tf.Tensor[]];
      actual.forEach((tensor, index) =>
        assertLess(norm(tf.sub(tensor, expected[index]!)), 1e-5 * norm(expected[index]!) + 1e-9)
      );
    }));
}

Deno.test("rmsNorm() gives each row the root mean square gamma", () =>
  tf.tidy(() => {
    const normalized = rmsNorm(matrix(5, 300), { gamma: tf.fill([300], 3), epsilon: 0 });
    assertLess(norm(tf.sub(tf.sqrt(tf.mean(tf.square(normalized), 1)), 3)), 1e-4);
  }));
