/**
 * The gradients of a decomposition's factors.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { Factorization } from "../decomposition.ts";
import type { RandomKey } from "../random.ts";
import { expect } from "./expect.ts";
import { norm, randomMatrix, randomTensor } from "./toy.ts";

/**
 * Compares gradients with central differences: near the factors, where nothing is zero by construction, along random
 * directions, for every factor that is not frozen.
 */
export function checkGradient(
  matrix: tf.Tensor2D,
  { plan, key }: { readonly plan: Factorization; readonly key: RandomKey },
): void {
  const size = Math.max(1e-3, norm(matrix) / Math.sqrt(matrix.size));
  const factors = plan.factorize(matrix, { key }).map((factor, at) => {
    const scale = Math.max(norm(factor) / Math.sqrt(factor.size), 0.1 * Math.min(size, 1));
    return tf.add(factor, tf.mul(randomTensor(factor.shape, key.fold("beside").fold(at)), 0.3 * scale));
  });
  const weight = randomMatrix(matrix.shape[0], matrix.shape[1], 9);
  const value = (...moving: tf.Tensor[]) => tf.sum<tf.Scalar>(tf.mul(plan.reconstruct(moving), weight));
  const trained = factors.flatMap((_, at) => plan.training?.[at]?.frozen ? [] : [at]);
  const gradients = gradientsOf(value, factors);
  for (const index of trained) {
    const factor = factors[index]!;
    const direction = randomTensor(factor.shape, key.fold("direction").fold(index));
    const step = 0.02 * (norm(factor) || 1) / norm(direction);
    const valueAt = (by: number) =>
      value(...factors.map((other, place) => place === index ? tf.add(other, tf.mul(direction, by * step)) : other))
        .dataSync()[0]!;
    const measured = (valueAt(1) - valueAt(-1)) / (2 * step);
    const expected = tf.sum(tf.mul(gradients[index]!, direction)).dataSync()[0]!;
    const scale = norm(gradients[index]!) * norm(direction) / Math.sqrt(factor.size);
    const noise = 2e-6 * Math.abs(valueAt(0)) / step;
    expect(
      norm(gradients[index]!) > 0 || Math.abs(measured) <= noise,
      `factor ${index} has no gradient and is not marked as frozen`,
    );
    expect(
      Math.abs(measured - expected) <= 1e-2 * Math.max(scale, Math.abs(measured)) + noise,
      `factor ${index}: along a random direction expected a change of ${expected} by the gradient, got ${measured}`,
    );
  }
}

// TensorFlow.js refuses all gradients if one factor has none, without saying which: then each is computed alone.
function gradientsOf(value: (...moving: tf.Tensor[]) => tf.Scalar, factors: readonly tf.Tensor[]): tf.Tensor[] {
  try {
    return tf.grads(value)([...factors]);
  } catch {
    return factors.map((factor, at) => {
      try {
        return tf.grad((own) => value(...factors.map((other, place) => place === at ? own : other)))(factor);
      } catch {
        return tf.zerosLike(factor);
      }
    });
  }
}
