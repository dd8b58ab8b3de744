import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import {
  fusedNormDropout,
  fusedResidualNorm,
  layerNorm,
  residualNorm,
} from "../../../../plugins/models/_kernels/layer_norm.ts";
import { drop } from "../../../../plugins/models/_kernels/dropout.ts";
import { matrix, norm } from "../../../_tensors.ts";

const vector = (width: number, seed: number) => tf.reshape(matrix(1, width, seed), [width]);

/** Values within 1e-5, gradients within 1e-4. */
function assertAgree(
  [actual, expected]: ((...inputs: tf.Tensor[]) => tf.Tensor)[],
  { inputs, outputGradient }: { inputs: tf.Tensor[]; outputGradient: tf.Tensor },
): void {
  const value = expected!(...inputs);
  assertLess(norm(tf.sub(actual!(...inputs), value)), 1e-5 * norm(value));
  const gradients = tf.grads(expected!)(inputs, outputGradient);
  const all = Math.hypot(...gradients.map(norm));
  tf.grads(actual!)(inputs, outputGradient).forEach((gradient, index) =>
    assertLess(norm(tf.sub(gradient, gradients[index]!)), 1e-4 * norm(gradients[index]!) + 1e-6 * all, `input ${index}`)
  );
}

for (const [rows, width] of [[1, 2], [5, 3], [7, 12], [300, 240]] as const) { // the last as compiled kernels
  for (const rate of [0, 0.25]) {
    Deno.test(`the fused norms of ${rows}×${width} at dropout ${rate} agree with their equations`, () =>
      tf.tidy(() => {
        const dropout = rate > 0 ? { mask: tf.greater(matrix(rows, width, 7), -0.5), rate } : undefined;
        const inputs = [
          ...[matrix(rows, width), vector(width, 2), matrix(rows, width, 3)],
          ...[tf.add(vector(width, 4), 2), vector(width, 5)],
        ];
        const outputGradient = matrix(rows, width, 6);
        const [whole, plain] = [fusedResidualNorm, residualNorm].map((compute) => (...values: tf.Tensor[]) => {
          const [x, bias, residual, gamma, beta] = values as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          return compute(x, { bias, residual, gamma, beta, epsilon: 1e-5, dropout });
        });
        assertAgree([whole!, plain!], { inputs, outputGradient });
        const [x, , , gamma, beta] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        assertAgree([
          (x, gamma, beta) => fusedNormDropout(x!, { gamma: gamma!, beta: beta!, epsilon: 1e-5, dropout }),
          (x, gamma, beta) => drop(layerNorm(x!, { gamma: gamma!, beta: beta!, epsilon: 1e-5 }), dropout),
        ], { inputs: [x, gamma, beta], outputGradient });
      }));
  }
}

Deno.test("layerNorm() gives each row the mean beta and the deviation gamma", () =>
  tf.tidy(() => {
    const normalized = layerNorm(matrix(5, 300), { gamma: tf.fill([300], 3), beta: tf.fill([300], 2), epsilon: 0 });
    const { mean, variance } = tf.moments(normalized, 1);
    assertLess(norm(tf.sub(mean, 2)), 1e-4);
    assertLess(norm(tf.sub(tf.sqrt(variance), 3)), 1e-4);
  }));
