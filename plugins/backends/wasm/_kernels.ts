/**
 * TensorFlow.js's WebAssembly kernels, with replacements for those that are missing or differ from TensorFlow.
 *
 * @module
 */
import { tf } from "@opf/framework";
import process from "node:process";
import { type BackendWasm, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { fusedMatMul } from "../_fused_mat_mul.ts";
import { fewerAxes } from "./_axes.ts";
import type { Kernel } from "./_kernel.ts";
import { matMulKernel } from "./_mat_mul.ts";

/** Starts the WebAssembly module of the npm package and activates its backend. */
export async function startKernels() {
  replaceKernels();
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = new Set(events.flatMap((event) => process.listeners(event)));
  if (!await tf.setBackend("wasm")) throw new Error("Expected TensorFlow.js's WebAssembly backend to start, got none.");
  const backend = tf.backend() as BackendWasm;
  refuseToOverflow(backend);
  // The module adds handlers for uncaught errors, which are the program's own business.
  for (const event of events) {
    for (const listener of process.listeners(event)) if (!before.has(listener)) process.removeListener(event, listener);
  }
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") as boolean;
  const code = import.meta.resolve("@tensorflow/tfjs-backend-wasm");
  const module = new URL(`tfjs-backend-wasm${simd ? "-simd" : ""}.wasm`, code);
  const bytes = [code, module].reduce((sum, file) => sum + Deno.statSync(new URL(file)).size, 0);
  return { backend, version: version_wasm, simd, bytes };
}

// The module's allocator returns address 0 when its 4 GB are full, and upstream would write there.
function refuseToOverflow(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as { _malloc(bytes: number): number };
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) {
      throw new Error(
        `The memory of WebAssembly is full: it holds at most 4 GB, and ${bytes} more bytes are needed. ` +
          "Use smaller batches, or the backend tensorflow, which has no such limit.",
      );
    }
    return address;
  };
}

// Reductions of empty tensors, for which upstream returns uninitialized memory.
const EMPTY_REDUCTIONS = { Sum: 0, Prod: 1, Mean: NaN, Max: -Infinity, Min: Infinity, All: 1, Any: 0 };

// Elementwise kernels of two tensors.
const BINARY = [
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
  for (const [name, value] of Object.entries(EMPTY_REDUCTIONS)) {
    const { kernelFunc } = tf.getKernel(name, "wasm");
    replace(name, (backend, inputs, attrs) => {
      const out = kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
      if (tf.util.sizeFromShape(inputs.x!.shape) === 0) backend.typedArrayFromHeap(out).fill(value);
      return out;
    });
  }
  for (const name of BINARY) replace(name, fewerAxes(tf.getKernel(name, "wasm").kernelFunc));
  replace(tf.BatchMatMul, matMulKernel(tf.getKernel(tf.BatchMatMul, "wasm").kernelFunc));
  // Upstream adds the bias to the wrong elements.
  replace(tf._FusedMatMul, (backend, inputs, attrs) => fusedMatMul({ inputs, attrs, backend }));
  replace(tf.Cast, cast);
  replace(tf.GatherV2, gather);
  replace(tf.Prelu, prelu);
  replace(tf.SplitV, split);
  replace(tf.Transpose, transpose);
  replace(tf.Unpack, unpack);
  replace(tf.UnsortedSegmentSum, unsortedSegmentSum);
}

// Upstream converts the low byte to a bool, so that 0.5 and 256 would be false.
const cast: Kernel = (backend, { x }, { dtype }) => {
  const out = backend.makeOutput(x!.shape, dtype as tf.DataType);
  const [from, to] = [backend.typedArrayFromHeap(x!), backend.typedArrayFromHeap(out)];
  if (out.dtype === "bool") from.forEach((value, index) => to[index] = value !== 0 ? 1 : 0);
  else to.set(from);
  return out;
};

// Upstream reads past the end of x if batches have their own indices.
const gather: Kernel = (backend, { x, indices }, { axis, batchDims }) => {
  const along = tf.util.parseAxisParam(axis as number, x!.shape)[0]!;
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = tf.backend_util.segment_util
    .collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, along, batchDims as number);
  const out = backend.makeOutput(outputShape, x!.dtype);
  const [from, ids, to] = [x!, indices!, out].map((info) => backend.typedArrayFromHeap(info)) as Values3;
  const invalid = ids.find((id) => id < 0 || id >= dimSize);
  if (invalid !== undefined) {
    backend.disposeData(out.dataId);
    throw new RangeError(`GatherV2: the index ${invalid} is not in [0, ${dimSize}).`);
  }
  const count = ids.length / batchSize;
  let next = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let outer = 0; outer < outerSize; outer++) {
      for (let index = 0; index < count; index++) {
        const row = (batch * outerSize + outer) * dimSize + ids[batch * count + index]!;
        for (let element = row * sliceSize; element < (row + 1) * sliceSize; element++) to[next++] = from[element]!;
      }
    }
  }
  return out;
};

// Upstream computes the position of each element by divisions.
const transpose: Kernel = (backend, { x }, { perm }) => {
  const order = perm as readonly number[];
  const sizes = order.map((axis) => x!.shape[axis]!);
  const steps = order.map((axis) => tf.util.sizeFromShape(x!.shape.slice(axis + 1)));
  const out = backend.makeOutput(sizes, x!.dtype);
  const [from, to] = [backend.typedArrayFromHeap(x!), backend.typedArrayFromHeap(out)];
  const last = sizes.length - 1;
  let next = 0;
  const walk = (axis: number, begin: number): void => {
    const size = sizes[axis]!, step = steps[axis]!;
    for (let index = 0; index < size; index++, begin += step) {
      if (axis === last) to[next++] = from[begin]!;
      else walk(axis + 1, begin);
    }
  };
  if (last >= 0) walk(0, 0);
  else to.set(from);
  return out;
};

// Upstream does not broadcast the slopes.
const prelu: Kernel = (_, inputs) => {
  const { x, alpha } = inputs as Record<string, tf.Tensor>;
  return tf.tidy(() => tf.where(tf.greater(x!, 0), x!, tf.mul(x!, alpha!)));
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
    shape: part.shape.filter((_, axis) => axis !== along),
  }));
};

// Upstream copies all of x for each part.
function parts(
  backend: BackendWasm,
  x: tf.TensorInfo,
  { along, sizes }: { along: number; sizes: readonly number[] },
): tf.TensorInfo[] {
  const [outer, inner] = [x.shape.slice(0, along), x.shape.slice(along + 1)];
  const outs = sizes.map((size) => backend.makeOutput([...outer, size, ...inner], x.dtype));
  const from = backend.typedArrayFromHeap(x); // after the allocations, which may move the memory
  const [rows, width] = [tf.util.sizeFromShape(outer), tf.util.sizeFromShape(inner)];
  let begin = 0;
  sizes.forEach((size, part) => {
    const to = backend.typedArrayFromHeap(outs[part]!);
    for (let row = 0; row < rows; row++) {
      const start = (row * x.shape[along]! + begin) * width;
      to.set(from.subarray(start, start + size * width), row * size * width);
    }
    begin += size;
  });
  return outs;
}

// Sums of the rows of x with the same segment id; upstream has no such kernel.
const unsortedSegmentSum: Kernel = (backend, { x, segmentIds }, { numSegments }) => {
  const shape = x!.shape.slice(segmentIds!.shape.length);
  const out = backend.makeOutput([numSegments as number, ...shape], x!.dtype);
  const [from, ids, to] = [x!, segmentIds!, out].map((info) => backend.typedArrayFromHeap(info)) as Values3;
  const size = tf.util.sizeFromShape(shape);
  to.fill(0);
  ids.forEach((id, row) => {
    for (let element = 0; id >= 0 && element < size; element++) {
      to[id * size + element]! += from[row * size + element]!;
    }
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
