/**
 * Elementwise kernels on tensors of many axes.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { Kernel } from "./_kernel.ts";

// The limit of XNNPACK. With more axes it computes nothing, and upstream returns uninitialized memory.
const MAX_AXES = 6;

/** An elementwise kernel of two tensors that merges neighboring axes if there are too many for it. */
export const fewerAxes = (upstream: tf.KernelFunc): Kernel => (backend, { a, b }, attrs) => {
  if (Math.max(a!.shape.length, b!.shape.length) <= MAX_AXES) {
    return upstream({ inputs: { a: a!, b: b! }, attrs, backend }) as tf.TensorInfo;
  }
  const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
  const [left, right] = merged(a!.shape, b!.shape);
  if (left.length > MAX_AXES) {
    throw new Error(
      `WebAssembly's kernels broadcast over at most ${MAX_AXES} axes, got [${a!.shape}] and [${b!.shape}].`,
    );
  }
  const inputs = { a: { ...info(a!), shape: left }, b: { ...info(b!), shape: right } };
  const out = upstream({ inputs, attrs, backend }) as tf.TensorInfo;
  out.shape = shape;
  return out;
};

const info = ({ dataId, dtype }: tf.TensorInfo) => ({ dataId, dtype });

/** Two shapes with equally many axes; neighbors along which the same tensors extend are merged. */
function merged(a: readonly number[], b: readonly number[]): [number[], number[]] {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape] as number[]);
  const shapes: [number[], number[]] = [[], []];
  let previous = "";
  for (let axis = 0; axis < rank; axis++) {
    const [m, n] = [left![axis]!, right![axis]!];
    if (m === 1 && n === 1) continue;
    const extents = `${m > 1} ${n > 1}`;
    if (extents === previous) {
      const merged = shapes[0].length - 1;
      shapes[0][merged]! *= m;
      shapes[1][merged]! *= n;
    } else {
      shapes[0].push(m);
      shapes[1].push(n);
      previous = extents;
    }
  }
  return shapes;
}
