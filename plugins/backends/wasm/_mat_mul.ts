/**
 * Matrix products, each by the fastest kernel.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Kernel } from "./_kernel.ts";

// Multiplications of one product from which on a separate call pays.
const LARGE = 2 ** 16;

/**
 * Upstream's kernel multiplies two plain matrices with XNNPACK. For transposed matrices and batches it uses loops that are
 * about eight times slower, and it reads past the end of batches that are broadcast both ways. So large products are
 * computed one by one from plain matrices.
 */
export const matMulKernel = (upstream: tf.KernelFunc): Kernel => (backend, { a, b }, attrs) => {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const outer = tf.backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const count = tf.util.sizeFromShape(outer);
  const [rows, inner] = matrixShape(a!, transposeA), [, columns] = matrixShape(b!, transposeB);
  const isBroadcast = [a!, b!].some(({ shape }) => shape.length > 2 && batchOf(shape) !== count);
  const isLarge = rows * inner * columns >= LARGE;
  if (count * rows * inner * columns === 0) {
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

// The index in a batch of this shape of the matrix that belongs to matrix `batch` of the result.
function sourceOf(batch: number, { outer, shape }: { outer: readonly number[]; shape: readonly number[] }): number {
  const sizes = shape.slice(0, -2), missing = outer.length - sizes.length;
  let source = 0, stride = 1;
  for (let axis = outer.length - 1; axis >= missing; axis--) {
    const size = sizes[axis - missing]!;
    if (size !== 1) source += batch % outer[axis]! * stride;
    batch = Math.floor(batch / outer[axis]!);
    stride *= size;
  }
  return source;
}

// A view of one matrix of a batch.
function matrixAt(backend: BackendWasm, { dataId, shape }: tf.TensorInfo, index: number): tf.TensorInfo {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const bytes = 4 * rows * columns;
  return backend.makeOutput([rows, columns], "float32", backend.getMemoryOffset(dataId) + index * bytes);
}

// Unregisters a view without freeing its memory, which belongs to the batch.
function forget(backend: BackendWasm, { dataId }: tf.TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
  backend.dataIdMap.delete(dataId);
}
