/**
 * Matrix products, each one by the kernel that is fast.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Kernel } from "./_kernel.ts";

// Multiplications of one product from which on it is worth a call of its own.
const LARGE = 2 ** 16;

/**
 * Upstream's kernel multiplies two plain matrices by XNNPACK; transposed ones and batches go through loops that are some
 * eight times slower, and batches that are broadcast both ways it reads beyond their end. So large products are taken one by
 * one, of plain matrices.
 */
export const matMulKernel = (upstream: tf.KernelFunc): Kernel => (backend, { a, b }, attrs) => {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const outer = tf.backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const count = tf.util.sizeFromShape(outer);
  const [rows, inner] = matrixShape(a!, transposeA), [, columns] = matrixShape(b!, transposeB);
  const isBroadcast = [a!, b!].some(({ shape }) => shape.length > 2 && batchOf(shape) !== count);
  const isLarge = rows * inner * columns >= LARGE;
  if (inner === 0) {
    const zeros = backend.makeOutput([...outer, rows, columns], "float32");
    backend.typedArrayFromHeap(zeros).fill(0);
    return zeros;
  }
  const floats = a!.dtype === "float32" && b!.dtype === "float32";
  if (!floats || !isLarge && !isBroadcast) {
    return upstream({ inputs: { a: a!, b: b! }, attrs, backend }) as tf.TensorInfo;
  }
  const [left, right] = [transposeA ? swapped(backend, a!) : a!, transposeB ? swapped(backend, b!) : b!];
  const product = (inputs: { a: tf.TensorInfo; b: tf.TensorInfo }) =>
    upstream({ inputs, attrs: { transposeA: false, transposeB: false }, backend }) as tf.TensorInfo;
  let out: tf.TensorInfo;
  if (count === 1) out = product({ a: left, b: right });
  else {
    out = backend.makeOutput([...outer, rows, columns], "float32");
    for (let batch = 0; batch < count; batch++) {
      const one = matrixAt(backend, left, sourceOf(batch, { outer, shape: left.shape }));
      const other = matrixAt(backend, right, sourceOf(batch, { outer, shape: right.shape }));
      const result = product({ a: one, b: other });
      backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(result), batch * rows * columns);
      backend.disposeData(result.dataId);
      forget(backend, one);
      forget(backend, other);
    }
  }
  if (transposeA) backend.disposeData(left.dataId);
  if (transposeB) backend.disposeData(right.dataId);
  return out;
};

const batchOf = (shape: readonly number[]) => tf.util.sizeFromShape(shape.slice(0, -2));

function matrixShape({ shape }: tf.TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function swapped(backend: BackendWasm, x: tf.TensorInfo): tf.TensorInfo {
  const rank = x.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const { kernelFunc } = tf.getKernel(tf.Transpose, "wasm");
  return kernelFunc({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo;
}

// Which matrix of a batch of this shape belongs to matrix `batch` of the result.
function sourceOf(batch: number, { outer, shape }: { outer: readonly number[]; shape: readonly number[] }): number {
  const own = shape.slice(0, -2);
  let source = 0, stride = 1;
  for (let axis = outer.length - 1, at = own.length - 1; at >= 0; axis--, at--) {
    if (own[at] !== 1) source += batch % outer[axis]! * stride;
    batch = Math.floor(batch / outer[axis]!);
    stride *= own[at]!;
  }
  return source;
}

// One matrix of a batch, where it lies.
function matrixAt(backend: BackendWasm, { dataId, shape }: tf.TensorInfo, index: number): tf.TensorInfo {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const bytes = 4 * rows * columns;
  return backend.makeOutput([rows, columns], "float32", backend.getMemoryOffset(dataId) + index * bytes);
}

// Takes a matrix off the lists, and leaves its memory to the batch.
function forget(backend: BackendWasm, { dataId }: tf.TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
  backend.dataIdMap.delete(dataId);
}
