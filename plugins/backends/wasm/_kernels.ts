/**
 * TensorFlow.js's WebAssembly kernels, and our own for what they lack or do otherwise than TensorFlow.
 *
 * @module
 */
import { tf } from "@opf/framework";
import process from "node:process";
import { type BackendWasm, version_wasm } from "@tensorflow/tfjs-backend-wasm";

/** Starts the WebAssembly module, from the npm package itself, and makes it the backend that computes. */
export async function startKernels(): Promise<{ backend: BackendWasm; version: string; simd: boolean }> {
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
  return { backend, version: version_wasm, simd: await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") as boolean };
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

type Kernel = (backend: BackendWasm, inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap) => tf.TensorInfo;

function replaceKernels(): void {
  // Upstream keeps the low byte of a number: 0.5 and 256 would be false.
  replace(tf.Cast, (backend, { x }, { dtype }) => {
    const out = backend.makeOutput(x!.shape, dtype as tf.DataType);
    const [from, to] = [backend.typedArrayFromHeap(x!), backend.typedArrayFromHeap(out)];
    if (out.dtype === "bool") from.forEach((value, at) => to[at] = value !== 0 ? 1 : 0);
    else to.set(from);
    return out;
  });
  // Sums of the rows of x that have the same number; upstream has no such kernel.
  replace(tf.UnsortedSegmentSum, (backend, { x, segmentIds }, { numSegments }) => {
    const shape = x!.shape.slice(segmentIds!.shape.length);
    const out = backend.makeOutput([numSegments as number, ...shape], x!.dtype);
    const [from, ids, to] = [x!, segmentIds!, out].map((info) => backend.typedArrayFromHeap(info));
    const size = tf.util.sizeFromShape(shape);
    to!.fill(0);
    ids!.forEach((id, row) => {
      for (let at = 0; id >= 0 && at < size; at++) to![id * size + at]! += from![row * size + at]!;
    });
    return out;
  });
}

function replace(kernelName: string, kernel: Kernel): void {
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, backend, attrs }) => kernel(backend as BackendWasm, inputs, attrs ?? {}),
  });
}
