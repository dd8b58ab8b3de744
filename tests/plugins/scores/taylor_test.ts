import { type MatrixInfo, RandomKey, type ScoreContext, tf } from "@opf/framework";
import { taylor } from "@opf/framework/plugins";
import { assertAlmostEquals, assertEquals } from "@std/assert";

const VALUES: Readonly<Record<string, { weight: number[][]; gradient: number[][] }>> = {
  a: { weight: [[1, 2], [3, 4]], gradient: [[1, -1], [0, 0.5]] }, // products 1, −2, 0, 2
  b: { weight: [[1, 1], [1, 1]], gradient: [[-1, -1], [-1, -1]] },
  zero: { weight: [[0, 0], [0, 0]], gradient: [[9, 9], [9, 9]] },
};

const matrices = Object.keys(VALUES).map((name): MatrixInfo => ({
  name,
  kind: "ffn",
  module: "m",
  layer: 0,
  shape: [2, 2],
}));

/** A context that holds given weights and gradients. */
function context(tensors: Map<string, { weight: tf.Tensor2D; gradient: tf.Tensor2D }>): ScoreContext {
  return {
    matrices,
    weight: (name) => tensors.get(name)!.weight,
    gradients: () => Promise.resolve(new Map([...tensors].map(([name, { gradient }]) => [name, gradient]))),
    eachGradient: () => Promise.reject(new Error("not needed")),
    loss: () => Promise.reject(new Error("not needed")),
    key: RandomKey.of(1),
  };
}

Deno.test("taylor() is |Σ g·w|, or Σ|g·w|, of each matrix", async () => {
  const tensors = new Map(
    Object.entries(VALUES).map(([name, { weight, gradient }]) => [
      name,
      { weight: tf.tensor2d(weight), gradient: tf.tensor2d(gradient) },
    ]),
  );
  const before = tf.memory().numTensors;
  for (const [reduce, expected] of [["abs-sum", [1, 4, 0]], ["sum-abs", [5, 4, 0]]] as const) {
    const found = await taylor({ reduce }).score(context(tensors));
    assertEquals([...found.keys()], ["a", "b", "zero"]);
    [...found.values()].forEach((value, at) => assertAlmostEquals(value, expected[at]!, 1e-6));
  }
  assertEquals(tf.memory().numTensors, before);
  for (const { weight, gradient } of tensors.values()) tf.dispose([weight, gradient]);
});
