/**
 * TensorFlow.js's WebAssembly kernels, and our own for what they lack or do otherwise than TensorFlow.
 *
 * @module
 */
import { tf } from "@opf/framework";
import process from "node:process";
import { type BackendWasm, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { fewerAxes } from "./_axes.ts";
import type { Kernel } from "./_kernel.ts";
import { matMulKernel } from "./_mat_mul.ts";

/** Starts the WebAssembly module, from the npm package itself, and makes it the backend that computes. */
export async function startKernels() {
  replaceKernels();
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = new Set(events.flatMap((event) => process.listeners(event)));
  if (!await tf.setBackend("wasm")) throw new Error("TensorFlow.js's WebAssembly backend does not start.");
  const backend = tf.backend() as BackendWasm;
  refuseToOverflow(backend);
  // The module takes over what becomes of errors that nobody catches; that is the program's own affair.
  for (const event of events) {
    for (const listener of process.listeners(event)) if (!before.has(listener)) process.removeListener(event, listener);
  }
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") as boolean;
  const code = import.meta.resolve("@tensorflow/tfjs-backend-wasm");
  const module = new URL(`tfjs-backend-wasm${simd ? "-simd" : ""}.wasm`, code);
  const bytes = [code, module].reduce((sum, file) => sum + Deno.statSync(new URL(file)).size, 0);
  return { backend, version: version_wasm, simd, bytes };
}

// The module's allocator gives address 0 when its 4 GB are full, and upstream would write there.
function refuseToOverflow(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as { _malloc(bytes: number): number };
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) {
      throw new Error(
        `WebAssembly's memory is full: it holds 4 GB at most, and ${bytes} bytes more were wanted. ` +
          "Smaller batches need less; the backend tensorflow has no such limit.",
      );
    }
    return address;
  };
}

// What a reduction gives where there is nothing to reduce; upstream leaves what the memory held before.
const OF_NOTHING = { Sum: 0, Prod: 1, Mean: NaN, Max: -Infinity, Min: Infinity, All: 1, Any: 0 };

// Element by element, of two tensors.
const OF_TWO = [
  tf.Add,
  tf.Sub,
  tf.Multiply,
  tf.RealDiv,
  tf.FloorDiv,
  tf.Mod,
  tf.Pow,
  tf.Maximum,
  tf.Minimum,
  tf.SquaredDifference,
  tf.Equal,
  tf.NotEqual,
  tf.Greater,
  tf.GreaterEqual,
  tf.Less,
  tf.LessEqual,
  tf.LogicalAnd,
  tf.LogicalOr,
  tf.LogicalXor,
  tf.Atan2,
];

function replaceKernels(): void {
  for (const [name, value] of Object.entries(OF_NOTHING)) {
    const { kernelFunc } = tf.getKernel(name, "wasm");
    replace(name, (backend, inputs, attrs) => {
      const out = kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
      if (tf.util.sizeFromShape(inputs.x!.shape) === 0) backend.typedArrayFromHeap(out).fill(value);
      return out;
    });
  }
  for (const name of OF_TWO) replace(name, fewerAxes(tf.getKernel(name, "wasm").kernelFunc));
  replace(tf.BatchMatMul, matMulKernel(tf.getKernel(tf.BatchMatMul, "wasm").kernelFunc));
  replace(tf.Cast, cast);
  replace(tf.GatherV2, gather);
  replace(tf.SplitV, split);
  replace(tf.Transpose, transpose);
  replace(tf.Unpack, unpack);
  replace(tf.UnsortedSegmentSum, unsortedSegmentSum);
}

// Upstream keeps the low byte of a number: 0.5 and 256 would be false.
const cast: Kernel = (backend, { x }, { dtype }) => {
  const out = backend.makeOutput(x!.shape, dtype as tf.DataType);
  const [from, to] = [backend.typedArrayFromHeap(x!), backend.typedArrayFromHeap(out)];
  if (out.dtype === "bool") from.forEach((value, at) => to[at] = value !== 0 ? 1 : 0);
  else to.set(from);
  return out;
};

// Upstream's reads past the end of x where a batch has its own indices.
const gather: Kernel = (backend, { x, indices }, { axis, batchDims }) => {
  const along = tf.util.parseAxisParam(axis as number, x!.shape)[0]!;
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = tf.backend_util.segment_util
    .collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, along, batchDims as number);
  const out = backend.makeOutput(outputShape, x!.dtype);
  const [from, ids, to] = [x!, indices!, out].map((info) => backend.typedArrayFromHeap(info)) as Values3;
  const wrong = ids.find((id) => id < 0 || id >= dimSize);
  if (wrong !== undefined) {
    backend.disposeData(out.dataId);
    throw new RangeError(`GatherV2: the index ${wrong} is not in [0, ${dimSize}).`);
  }
  const count = ids.length / batchSize;
  let at = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let outer = 0; outer < outerSize; outer++) {
      for (let index = 0; index < count; index++) {
        const row = (batch * outerSize + outer) * dimSize + ids[batch * count + index]!;
        for (let place = row * sliceSize; place < (row + 1) * sliceSize; place++) to[at++] = from[place]!;
      }
    }
  }
  return out;
};

// Upstream works out the place of each number by divisions.
const transpose: Kernel = (backend, { x }, { perm }) => {
  const order = perm as readonly number[];
  const sizes = order.map((axis) => x!.shape[axis]!);
  const steps = order.map((axis) => tf.util.sizeFromShape(x!.shape.slice(axis + 1)));
  const out = backend.makeOutput(sizes, x!.dtype);
  const [from, to] = [backend.typedArrayFromHeap(x!), backend.typedArrayFromHeap(out)];
  const last = sizes.length - 1;
  let at = 0;
  const walk = (axis: number, begin: number): void => {
    const size = sizes[axis]!, step = steps[axis]!;
    for (let index = 0; index < size; index++, begin += step) {
      if (axis === last) to[at++] = from[begin]!;
      else walk(axis + 1, begin);
    }
  };
  if (last >= 0) walk(0, 0);
  else to.set(from);
  return out;
};

const split: Kernel<tf.TensorInfo[]> = (backend, { x }, { numOrSizeSplits, axis }) => {
  const along = tf.util.parseAxisParam(axis as number, x!.shape)[0]!;
  return parts(backend, x!, {
    along,
    sizes: tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits as number | number[], along),
  });
};

const unpack: Kernel<tf.TensorInfo[]> = (backend, { value }, { axis }) => {
  const along = tf.util.parseAxisParam(axis as number, value!.shape)[0]!;
  const sizes = Array<number>(value!.shape[along]!).fill(1);
  return parts(backend, value!, { along, sizes }).map((part) => ({
    ...part,
    shape: part.shape.filter((_, at) => at !== along),
  }));
};

// Upstream copies all of x for each part of it.
function parts(
  backend: BackendWasm,
  x: tf.TensorInfo,
  { along, sizes }: { along: number; sizes: readonly number[] },
): tf.TensorInfo[] {
  const [outer, inner] = [x.shape.slice(0, along), x.shape.slice(along + 1)];
  const outs = sizes.map((size) => backend.makeOutput([...outer, size, ...inner], x.dtype));
  const from = backend.typedArrayFromHeap(x); // after they were made: that may have moved the memory
  const [rows, width] = [tf.util.sizeFromShape(outer), tf.util.sizeFromShape(inner)];
  let begin = 0;
  sizes.forEach((size, part) => {
    const to = backend.typedArrayFromHeap(outs[part]!);
    for (let row = 0; row < rows; row++) {
      const at = (row * x.shape[along]! + begin) * width;
      to.set(from.subarray(at, at + size * width), row * size * width);
    }
    begin += size;
  });
  return outs;
}

// Sums of the rows of x that have the same number; upstream has no such kernel.
const unsortedSegmentSum: Kernel = (backend, { x, segmentIds }, { numSegments }) => {
  const shape = x!.shape.slice(segmentIds!.shape.length);
  const out = backend.makeOutput([numSegments as number, ...shape], x!.dtype);
  const [from, ids, to] = [x!, segmentIds!, out].map((info) => backend.typedArrayFromHeap(info)) as Values3;
  const size = tf.util.sizeFromShape(shape);
  to.fill(0);
  ids.forEach((id, row) => {
    for (let at = 0; id >= 0 && at < size; at++) to[id * size + at]! += from[row * size + at]!;
  });
  return out;
};

type Values3 = [from: Float32Array, ids: Int32Array, to: Float32Array];

function replace(kernelName: string, kernel: Kernel<tf.TensorInfo | tf.TensorInfo[]>): void {
  const { setupFunc } = tf.getKernel(kernelName, "wasm") ?? {};
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    ...(setupFunc && { setupFunc }),
    kernelFunc: ({ inputs, backend, attrs }) => kernel(backend as BackendWasm, inputs, attrs ?? {}),
  });
}
