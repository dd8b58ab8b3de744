import { tf } from "@opf/framework";
import { assertEquals, assertLess } from "@std/assert";
import { ACTIVATIONS, biasActivation, embed } from "../../../../plugins/models/_layers/layers.ts";
import { matrix, norm } from "../../../_tensors.ts";

interface Fixture {
  readonly x: number[];
  readonly activations: { readonly [name: string]: { readonly values: number[]; readonly derivatives: number[] } };
}

const { x, activations }: Fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../../../fixtures/activations.json", import.meta.url)),
);

Deno.test("every activation was compared with Transformers", () =>
  assertEquals(Object.keys(ACTIVATIONS).toSorted(), Object.keys(activations).toSorted()));

for (const [name, { values, derivatives }] of Object.entries(activations)) {
  Deno.test(`${name} and its derivative are Transformers'`, () =>
    tf.tidy(() => {
      const grad = tf.grad((x) => ACTIVATIONS[name]!(x))(tf.tensor1d(x));
      assertLess(tf.max(tf.abs(tf.sub(ACTIVATIONS[name]!(tf.tensor1d(x)), values))).dataSync()[0]!, 5e-6);
      assertLess(tf.max(tf.abs(tf.sub(grad, derivatives))).dataSync()[0]!, 5e-6);
    }));
}

for (const [rows, width] of [[3, 5], [300, 240]] as const) { // the last as compiled kernels
  Deno.test(`biasActivation() of ${rows}×${width} is dropout of the activation, its gradients too`, () =>
    tf.tidy(() => {
      const dropout = { mask: tf.greater(matrix(rows, width, 4), -0.5), rate: 0.25 };
      const inputs = [matrix(rows, width), tf.reshape(matrix(1, width, 2), [width])];
      const kept = tf.div(tf.cast(dropout.mask, "float32"), 0.75);
      const [actual, expected] = [
        (x: tf.Tensor, bias: tf.Tensor) => biasActivation(x, { bias, activation: "gelu", dropout }),
        (x: tf.Tensor, bias: tf.Tensor) => tf.mul(kept, ACTIVATIONS.gelu!(tf.add(x, bias))),
      ].map((of) => [
        of(inputs[0]!, inputs[1]!),
        ...tf.grads((...values: tf.Tensor[]) => of(values[0]!, values[1]!))(inputs, matrix(rows, width, 3)),
      ]) as [tf.Tensor[], tf.Tensor[]];
      actual.forEach((tensor, index) =>
        assertLess(norm(tf.sub(tensor, expected[index]!)), 1e-5 * norm(expected[index]!))
      );
    }));
}

Deno.test("embed() adds up the gradients of a row that is read twice", () =>
  tf.tidy(() => {
    const ids = tf.tensor1d([2, 0, 2], "int32"), table = matrix(4, 3);
    assertEquals(embed(table, ids).arraySync(), tf.gather(table, ids).arraySync());
    const gradient = tf.grad((table) => embed(table, ids))(table, tf.tensor2d([[1, 1, 1], [2, 2, 2], [4, 4, 4]]));
    assertEquals(gradient.arraySync(), [[2, 2, 2], [0, 0, 0], [5, 5, 5], [0, 0, 0]]);
  }));
