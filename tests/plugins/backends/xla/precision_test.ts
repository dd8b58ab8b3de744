// Together: core/training/step.ts and plugins/backends/xla/_kernels/matrix_products.ts, at each precision.
import { engine, type Precision, RandomKey, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess } from "@std/assert";
import { TOY_EXAMPLES, toyModel, toyWeights } from "../../../../core/check/toy.ts";
import { collate } from "../../../../core/training/batches.ts";
import { fusedResidualNorm, residualNorm } from "../../../../plugins/models/_kernels/layer_norm.ts";
import { TRAINING_DEFAULTS } from "../../../../core/training/settings.ts";
import { Stepper } from "../../../../core/training/step.ts";
import { distance, gap, matrix } from "../../../_tensors.ts";

useEngine(await xla.start({ device: "cpu" }));

/** The product, and everything else that a layer has, in a precision. */
const layerIn = (precision: Precision) =>
  engine().jit((x, y) => {
    const product = tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D);
    return [product, tf.softmax(tf.mul(x!, 30)), tf.sum(tf.square(x!))];
  }, { precision });

Deno.test("bfloat16 rounds the factors of products to 8 bits, adds in float32, and leaves the rest as it is", () =>
  tf.tidy(() => {
    const [x, y] = [matrix(40, 300), matrix(300, 50)];
    const [product, ...rest] = layerIn("float32")(x, y);
    const [short, ...restOfShort] = layerIn("bfloat16")(x, y);
    assertEquals(short!.dtype, "float32");
    rest.forEach((tensor, index) => assertEquals(gap(tensor, restOfShort[index]!), 0));
    // What rounding the factors gives, and float32 sums do not add to.
    const rounded = (tensor: tf.Tensor2D) => {
      const words = new Uint32Array(tensor.dataSync().buffer);
      words.forEach((word, index) => words[index] = (word + 0x7fff + (word >>> 16 & 1)) & 0xffff0000);
      return tf.tensor2d(new Float32Array(words.buffer), tensor.shape);
    };
    assertLess(distance(short!, tf.matMul(rounded(x), rounded(y))), 1e-5);
    assert(distance(short!, product!) > 1e-3);
  }));

Deno.test("LayerNorms and their gradients are float32 in every precision", () =>
  tf.tidy(() => {
    const [rows, width] = [10, 24];
    const [x, residual] = [tf.add(matrix(rows, width), 3), matrix(rows, width, 2)]; // means that bfloat16 rounds
    const [gamma, beta, bias] = [3, 4, 5].map((seed) => matrix(1, width, seed).flatten());
    for (const norm of [residualNorm, fusedResidualNorm]) {
      const [full, short] = (["float32", "bfloat16"] as const).map((precision) =>
        engine().jit((...inputs) => {
          const { value, grads } = tf.valueAndGrads((x, residual, gamma, beta, bias) => {
            const options = { residual: residual!, gamma: gamma!, beta: beta!, bias: bias!, epsilon: 1e-12 };
            return tf.sum(tf.square(norm(x!, options)));
          })(inputs);
          return [value, ...grads];
        }, { precision })(x, residual, gamma!, beta!, bias!)
      ) as [tf.Tensor[], tf.Tensor[]];
      full.forEach((tensor, index) => assertLess(distance(short[index]!, tensor), 1e-5));
    }
  }));

Deno.test("a function that cannot be compiled, and those that it calls, multiply in its precision", () =>
  tf.tidy(() => {
    const [x, y] = [matrix(6, 200), matrix(200, 7)];
    const inner = engine().jit((x, y) => [tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D)]);
    const reading = (precision: Precision) =>
      engine().jit((x, y) => {
        assert(tf.max(x!).dataSync()[0]! < 1e9);
        return [tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D), ...inner(x!, y!)];
      }, { precision });
    for (const precision of ["bfloat16", "float32"] as const) {
      const [expected] = layerIn(precision)(x, y);
      for (const product of reading(precision)(x, y)) assertLess(distance(product, expected!), 1e-6);
    }
    assertLess(distance(inner(x, y)[0]!, tf.matMul(x, y)), 1e-6);
  }));

Deno.test("eager code and functions that ask for nothing multiply in float32", () =>
  tf.tidy(() => {
    const [x, y] = [matrix(16, 64), matrix(64, 16)];
    const sums = x.arraySync().map((row) =>
      tf.unstack(y, 1).map((column) => [...column.dataSync()].reduce((sum, value, at) => sum + value * row[at]!, 0))
    );
    const function_ = engine().jit((x, y) => [tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D)]);
    for (const product of [tf.matMul(x, y), function_(x, y)[0]!]) {
      assertLess(distance(product, tf.tensor2d(sums)), 1e-6);
    }
  }));

const matrices = ["a", "b"].map((module, layer) => ({
  name: `${module}.weight`,
  kind: "ffn",
  module,
  layer,
  shape: [64, 64] as const,
}));

function stepperIn(precision: Precision) {
  const weights = toyWeights(toyModel(matrices));
  const options = { optimizer: { ...TRAINING_DEFAULTS, learningRate: 1e-3 }, maxGradNorm: 1, isTrainable: () => true };
  try {
    return { weights, stepper: new Stepper(weights, { ...options, precision }) };
  } catch (error) {
    weights.dispose();
    throw error;
  }
}

Deno.test("training in bfloat16 keeps parameters in float32 and stays near training in float32", () => {
  const batch = collate(TOY_EXAMPLES, {
    architecture: toyModel(matrices),
    shape: { batchSize: TOY_EXAMPLES.length, maxLength: 4, padId: 0 },
  });
  const losses = (["float32", "bfloat16"] as const).map((precision) => {
    const { weights, stepper } = stepperIn(precision);
    const all = Array.from(
      { length: 20 },
      (_, step) => stepper.step([batch], { key: RandomKey.of(step), rate: 1 }).loss,
    );
    assert(weights.values.every(({ dtype }) => dtype === "float32"));
    stepper.dispose();
    weights.dispose();
    return all;
  }) as [number[], number[]];
  const [full, short] = losses;
  assert(full.at(-1)! < full[0]!);
  full.forEach((loss, step) => assertLess(Math.abs(short[step]! - loss), 0.02 * full[0]!));
  assert(full.some((loss, step) => loss !== short[step])); // it does make a difference
});
