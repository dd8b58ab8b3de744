import { RandomKey, tf } from "@opf/framework";
import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import {
  attention,
  type AttentionOptions,
  causalMask,
  fusedAttention,
} from "../../../../plugins/models/_kernels/attention.ts";
import { norm } from "../../../_tensors.ts";

const key = RandomKey.of(1);

/** Values in [−1, 1). */
const random = (seed: number, shape: number[]): tf.Tensor =>
  tf.tensor(key.fold(seed).uniforms(tf.util.sizeFromShape(shape)).map((value) => 2 * value - 1), shape);

/** Each query sees the first key, so that no row is masked out. */
const randomMask = (seed: number, shape: number[]): tf.Tensor => {
  const keys = shape.at(-1)!;
  const first = tf.equal(tf.range(0, keys, 1, "int32"), tf.scalar(0, "int32"));
  return tf.logicalOr(tf.greater(random(seed, shape), 0), first);
};

interface Case {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly valueSize?: number;
}

const CASES: Record<string, Case> = {
  "one of everything": { batch: 1, heads: 1, queries: 1, keys: 1, size: 1 },
  "one query": { batch: 3, heads: 2, queries: 1, keys: 7, size: 5 },
  "fewer keys than queries": { batch: 2, heads: 3, queries: 7, keys: 4, size: 3, valueSize: 6 },
  "as compiled kernels": { batch: 3, heads: 4, queries: 90, keys: 101, size: 8 }, // scores of more than 2¹⁶ elements
};

/** Output, and gradients by query, key, value and bias. */
function outputAndGradients(
  attend: typeof attention,
  inputs: tf.Tensor[],
  { outputGradient, ...options }: AttentionOptions & { outputGradient: tf.Tensor },
): tf.Tensor[] {
  const compute = (...[query, key, value, bias]: tf.Tensor[]) => attend(query!, key!, value!, { ...options, bias });
  return [compute(...inputs), ...tf.grads(compute)(inputs, outputGradient)];
}

for (const [name, { batch, heads, queries, keys, size, valueSize = size }] of Object.entries(CASES)) {
  const masks: Record<string, () => AttentionOptions> = {
    "no mask": () => ({}),
    "padding": () => ({ mask: randomMask(4, [batch, 1, 1, keys]), scale: 1 }),
    "a causal mask": () => ({ mask: tf.slice(causalMask(queries + keys), [0, 0, 0, 0], [1, 1, queries, keys]) }),
    "a mask per query": () => ({ mask: randomMask(5, [batch, 1, queries, keys]) }),
    "dropout": () => ({
      mask: randomMask(4, [batch, 1, 1, keys]),
      dropout: { mask: tf.greater(random(6, [batch, heads, queries, keys]), -0.5), rate: 0.25 },
    }),
  };
  for (const [masked, options] of Object.entries(masks)) {
    for (const biases of [0, 1, batch]) { // none, one for the batch, one per example
      Deno.test(`fusedAttention() agrees with the equation: ${name}, ${masked}, ${biases} biases`, () =>
        tf.tidy(() => {
          const inputs = [
            random(1, [batch, heads, queries, size]),
            random(2, [batch, heads, keys, size]),
            random(3, [batch, heads, keys, valueSize]),
            ...biases > 0 ? [random(7, [biases, heads, queries, keys])] : [],
          ];
          const given = { ...options(), outputGradient: random(8, [batch, heads, queries, valueSize]) };
          const [actual, expected] = [fusedAttention, attention].map((attend) =>
            outputAndGradients(attend, inputs, given)
          ) as [tf.Tensor[], tf.Tensor[]];
          assertLessOrEqual(norm(tf.sub(actual[0]!, expected[0]!)), 1e-5 * norm(expected[0]!));
          // Relative to all of them: where a query has one key, some are zero but for rounding.
          const all = Math.hypot(...expected.slice(1).map(norm));
          actual.slice(1).forEach((gradient, index) => {
            assertEquals(gradient.shape, inputs[index]!.shape);
            assertLessOrEqual(
              norm(tf.sub(gradient, expected[1 + index]!)),
              1e-4 * norm(expected[1 + index]!) + 1e-6 * all,
            );
          });
        }));
    }
  }
}

Deno.test("attention() is a mean of values weighted by the exponentials of scores", () =>
  tf.tidy(() => {
    // Products 0 and ln 3 by half: weights ½ and ½ · … are 1 : 3 once the bias is added.
    const query = tf.tensor4d([[[[1]]]]), keys = tf.tensor4d([[[[0], [1]]]]), values = tf.tensor4d([[[[8], [4]]]]);
    const bias = tf.tensor4d([[[[0, Math.log(3) - 1]]]]);
    for (const attend of [attention, fusedAttention]) {
      assertLess(Math.abs(attend(query, keys, values, { bias }).dataSync()[0]! - 5), 1e-5);
      const mask = tf.tensor([true, false], [1, 1, 1, 2], "bool");
      assertEquals(attend(query, keys, values, { bias, mask }).dataSync()[0], 8);
      const dropout = { mask: tf.tensor([true, false], [1, 1, 1, 2], "bool"), rate: 0.5 };
      assertLess(Math.abs(attend(query, keys, values, { bias, dropout }).dataSync()[0]! - 4), 1e-5); // 8 · ¼ / ½
    }
  }));

Deno.test("causalMask() lets a query attend to the keys up to its own position", () =>
  tf.tidy(() => assertEquals(causalMask(3).arraySync(), [[[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]] as never)));

Deno.test("attention() gives each query what it gives it alone", () =>
  tf.tidy(() => {
    const [query, key, value] = [random(1, [2, 2, 5, 3]), random(2, [2, 2, 4, 3]), random(3, [2, 2, 4, 3])];
    const mask = randomMask(4, [2, 1, 5, 4]);
    const whole = attention(query, key, value, { mask });
    const alone = tf.split(query, 5, 2).map((one, index) =>
      attention(one, key, value, { mask: tf.slice(mask, [0, 0, index, 0], [2, 1, 1, 4]) })
    );
    assertLess(norm(tf.sub(tf.concat(alone, 2), whole)), 1e-5);
  }));
