/**
 * Elementwise kernels on tensors of many axes.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { Kernel } from "./_kernel.ts";

// What XNNPACK takes; of more it computes nothing, and upstream gives what the memory held before.
const MOST = 6;

/** An elementwise kernel of two tensors that sees neighbouring axes as one wherever their number is too large for it. */
export const fewerAxes = (upstream: tf.KernelFunc): Kernel => (backend, { a, b }, attrs) => {
  if (Math.max(a!.shape.length, b!.shape.length) <= MOST) {
    return upstream({ inputs: { a: a!, b: b! }, attrs, backend }) as tf.TensorInfo;
  }
  const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
  const [left, right] = merged(a!.shape, b!.shape);
  if (left.length > MOST) {
    throw new Error(
      `WebAssembly's kernels broadcast over ${MOST} axes at most: [${a!.shape}] and [${b!.shape}] have more.`,
    );
  }
  const inputs = { a: { ...info(a!), shape: left }, b: { ...info(b!), shape: right } };
  const out = upstream({ inputs, attrs, backend }) as tf.TensorInfo;
  out.shape = shape;
  return out;
};

const info = ({ dataId, dtype }: tf.TensorInfo) => ({ dataId, dtype });

/** Two shapes of the same number of axes, neighbours merged where both tensors run along them, or the same one. */
function merged(a: readonly number[], b: readonly number[]): [number[], number[]] {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape] as number[]);
  const shapes: [number[], number[]] = [[], []];
  let last = "";
  for (let axis = 0; axis < rank; axis++) {
    const [m, n] = [left![axis]!, right![axis]!];
    if (m === 1 && n === 1) continue;
    const runs = `${m > 1} ${n > 1}`;
    if (runs === last) {
      const at = shapes[0].length - 1;
      shapes[0][at]! *= m;
      shapes[1][at]! *= n;
    } else {
      shapes[0].push(m);
      shapes[1].push(n);
      last = runs;
    }
  }
  return shapes;
}
