/**
 * Checks of a backend on this machine, and its costs.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, engine, useEngine } from "../backend/engine.ts";
import { messageOf } from "../errors.ts";
import type { Json } from "../json.ts";
import type { MatrixInfo } from "../model/model.ts";
import { RandomKey } from "../random.ts";
import * as tf from "../backend/tf.ts";
import { collate } from "../training/batches.ts";
import { TRAINING_DEFAULTS } from "../training/settings.ts";
import { Stepper } from "../training/step.ts";
import { randomTensor, TOY_EXAMPLES, toyModel, toyWeights } from "./toy.ts";

/** The result of one check. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: Json;
}

/** Starts a backend, makes it the current one, and checks its results and its costs. */
export async function checkBackend(backend: Backend, options: BackendOptions): Promise<Finding[]> {
  try {
    const before = performance.now();
    const started = useEngine(await backend.start(options));
    const start = performance.now() - before;
    return [
      { name: backend.name, ok: true, detail: started.description },
      checkProduct(backend.name),
      checkSvd(backend.name),
      { name: `${backend.name} costs`, ok: true, detail: costs(started, start) },
    ];
  } catch (error) {
    return [{ name: backend.name, ok: false, detail: messageOf(error) }];
  }
}

const largest = (tensor: tf.Tensor) => tf.max(tf.abs(tensor)).dataSync()[0]!;

// [[1, 2], [3, 4]] · [[5, 6], [7, 8]]
const checkProduct = (name: string): Finding =>
  tf.tidy(() => {
    const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]]));
    const error = largest(tf.sub(product, [[19, 22], [43, 50]]));
    return { name: `${name} product`, ok: error === 0, detail: `2×2, largest error ${error}` };
  });

// [[3, 0], [4, 5]] has the singular values √45 and √5.
const checkSvd = (name: string): Finding =>
  tf.tidy(() => {
    const matrix = tf.tensor2d([[3, 0], [4, 5]]);
    const { u, s, v } = engine().svd(matrix);
    const again = tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true);
    const error = Math.max(largest(tf.sub(s, [Math.sqrt(45), Math.sqrt(5)])), largest(tf.sub(again, matrix)));
    return { name: `${name} svd`, ok: error < 1e-5, detail: `2×2, largest error ${error.toExponential(1)}` };
  });

const SIZE = 512, WIDTH = 128, LAYERS = 4, REPEATS = 3;

const seconds = (run: () => void): number => {
  const before = performance.now();
  run();
  return (performance.now() - before) / 1000;
};

// The shortest of a few runs, which other work disturbed least.
const shortest = (run: () => void): number => Math.min(...Array.from({ length: REPEATS }, () => seconds(run)));

const written = (seconds: number): string =>
  seconds < 1 ? `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`;

function costs({ bytesOnDisk }: Engine, start: number): { readonly [what: string]: Json } {
  const square = randomTensor([SIZE, SIZE], RandomKey.of(1)) as tf.Tensor2D;
  const product = shortest(() => tf.tidy(() => tf.matMul(square, square).dataSync()));
  const svd = seconds(() => tf.tidy(() => engine().svd(tf.slice2d(square, [0, 0], [WIDTH, WIDTH])).s.dataSync()));
  square.dispose();
  const small = tf.tensor1d([1]);
  const increment = engine().jit((x) => [tf.add(x!, 1)], { name: "dispatch" });
  const dispatch = shortest(() => tf.tidy(() => increment(small)[0]!.dataSync()));
  small.dispose();
  return {
    ...(bytesOnDisk !== undefined && { "on disk": `${(bytesOnDisk / 1e6).toFixed(1)} MB` }),
    start: written(start / 1000),
    dispatch: written(dispatch),
    [`product ${SIZE}×${SIZE}`]: `${written(product)}, ${(2 * SIZE ** 3 / product / 1e9).toFixed(1)} GFLOP/s`,
    [`svd ${WIDTH}×${WIDTH}`]: written(svd),
    ...trainingStep(),
  };
}

// A step on a few square matrices; the first one compiles if the backend does.
function trainingStep(): { readonly [what: string]: string } {
  const matrices = Array.from({ length: LAYERS }, (_, layer): MatrixInfo => ({
    name: `layer.${layer}.weight`,
    kind: "ffn",
    module: "inner",
    layer,
    shape: [WIDTH, WIDTH],
  }));
  const weights = toyWeights(toyModel(matrices));
  const shape = { batchSize: TOY_EXAMPLES.length, maxLength: 4, padId: 0 };
  const batch = collate(TOY_EXAMPLES, { architecture: weights.architecture, shape });
  const stepper = new Stepper(weights, {
    optimizer: TRAINING_DEFAULTS,
    maxGradNorm: 1,
    isTrainable: () => true,
  });
  const step = () => void stepper.step([batch], { key: RandomKey.of(1), rate: 1 });
  try {
    const first = seconds(step);
    const what = `training step, ${LAYERS} matrices ${WIDTH}×${WIDTH}`;
    return { [what]: `${written(shortest(step))}, the first one ${written(first)}` };
  } finally {
    stepper.dispose();
    weights.dispose();
  }
}
