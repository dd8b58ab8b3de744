/**
 * TensorFlow.js's kernels on our binding, and replacements for those that read values back to the host.
 *
 * @module
 */
import { tf } from "@opf/framework";
import "./node_util.ts";
import { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import "@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js";
import { ATTRIBUTE, type Attribute, typed } from "../_c_api/attributes.ts";
import type { Metadata, Values } from "../_eager.ts";
import { TYPE } from "../_c_api/ffi.ts";

/** What runs or records ops: it creates tensors, executes ops and reads values. */
export interface Target {
  createTensor(shape: readonly number[], dtype: number, values: Values): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | BigInt64Array;
  executeOp(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): Metadata[];
  getNumOfTensors(): number;
}

/** TensorFlow.js's backend, with the methods that its interface does not declare. */
export interface KernelBackend extends tf.KernelBackend {
  /** The ids of tensors in the binding. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  /** A tensor of TensorFlow.js for a tensor of the binding. */
  createOutputTensor(metadata: Metadata): tf.Tensor;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

const CONSTANTS = {
  TF_FLOAT: TYPE.float32,
  TF_INT32: TYPE.int32,
  TF_INT64: TYPE.int64,
  TF_BOOL: TYPE.bool,
  TF_COMPLEX64: TYPE.complex64,
  TF_STRING: TYPE.string,
  TF_RESOURCE: TYPE.resource,
  TF_UINT8: TYPE.uint8,
  TF_ATTR_STRING: ATTRIBUTE.string,
  TF_ATTR_INT: ATTRIBUTE.int,
  TF_ATTR_FLOAT: ATTRIBUTE.float,
  TF_ATTR_BOOL: ATTRIBUTE.bool,
  TF_ATTR_TYPE: ATTRIBUTE.type,
  TF_ATTR_SHAPE: ATTRIBUTE.shape,
  TF_ATTR_RESOURCE: ATTRIBUTE.resource,
};

/** Registers the backend with TensorFlow.js and activates it. */
export async function registerBackend(target: Target, { version }: { readonly version: string }) {
  const binding = { ...CONSTANTS, ...target, TF_Version: version, isUsingGpuDevice: () => false };
  const backend = new NodeJSKernelBackend(binding as never, "@tensorflow/tfjs-node-gpu");
  const kernels = backend as unknown as KernelBackend;
  // Upstream keeps values on the host until the first op, so a tensor created before a recording would become a constant
  // inside it. Ours creates every tensor immediately.
  const move = backend.move.bind(backend);
  backend.move = (dataId, values, shape, dtype, refCount) => {
    move(dataId, values, shape, dtype, refCount);
    if (dtype !== "string" && dtype !== "complex64") kernels.getInputTensorIds([{ dataId, shape, dtype }]);
  };
  tf.registerBackend("tensorflow", () => backend as unknown as tf.KernelBackend, 3);
  replaceKernels();
  await tf.setBackend("tensorflow");
  return kernels;
}

function replaceKernels(): void {
  replace(tf.GatherV2, ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
    const axisTensor = tf.scalar(axis, "int32");
    const gathered = (backend as KernelBackend).executeSingleOutput("GatherV2", [
      { name: "batch_dims", type: ATTRIBUTE.int, value: batchDims },
      typed("Tparams", TYPE[x.dtype as "float32"]),
      typed("Tindices", TYPE.int32),
      typed("Taxis", TYPE.int32),
    ], [x, indices, axisTensor]);
    axisTensor.dispose();
    return gathered;
  });
}

function replace(kernelName: string, kernelFunc: tf.KernelFunc): void {
  tf.unregisterKernel(kernelName, "tensorflow");
  tf.registerKernel({ kernelName, backendName: "tensorflow", kernelFunc });
}
