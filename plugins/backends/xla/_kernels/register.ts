/**
 * Registers TensorFlow.js's kernels for the backend `xla`.
 *
 * @module
 */
import { tf } from "@opf/framework";
import { fusedMatMul } from "../../_fused_mat_mul.ts";
import type { XlaBackend } from "../_backend.ts";
import { cast, ELEMENTWISE } from "./elementwise.ts";
import { HOST } from "./host.ts";
import { INDEXING } from "./indexing.ts";
import type { KernelDefinition } from "./kernel.ts";
import { MATRIX_PRODUCTS } from "./matrix_products.ts";
import { MOVEMENT } from "./movement.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SOURCES } from "./sources.ts";
import { elementType } from "../_stablehlo/types.ts";

const BACKEND = "xla";

/** Registers the backend and its kernels; a kernel that is not there is an error with its name. */
export function registerKernels(backend: XlaBackend): void {
  tf.registerBackend(BACKEND, () => backend, 2);
  const definitions = {
    ...ELEMENTWISE,
    ...MATRIX_PRODUCTS,
    ...REDUCTIONS,
    ...MOVEMENT,
    ...INDEXING,
    ...SOURCES,
    ...HOST,
  };
  for (const [name, definition] of Object.entries(definitions)) register(name, definition);
  registerSharing(tf.Identity, ({ shape }) => shape);
  registerSharing(
    tf.Reshape,
    ({ shape }, attributes) =>
      tf.util.inferFromImplicitShape(attributes.shape as number[], tf.util.sizeFromShape(shape)),
  );
  registerSharing(tf.ExpandDims, ({ shape }, attributes) => {
    const axis = attributes.dim as number;
    return shape.toSpliced(axis < 0 ? axis + shape.length + 1 : axis, 0, 1);
  });
  registerCast();
  tf.registerKernel({ kernelName: tf._FusedMatMul, backendName: BACKEND, kernelFunc: fusedMatMul });
  for (const name of kernelNames()) {
    if (tf.getKernel(name, BACKEND)) continue;
    const kernelFunc: tf.KernelFunc = ({ backend }) => {
      const within = (backend as XlaBackend).traces.at(-1)?.name;
      throw new Error(
        `The backend xla has no kernel "${name}"${within === undefined ? "" : `, which "${within}" needs`}.`,
      );
    };
    tf.registerKernel({ kernelName: name, backendName: BACKEND, kernelFunc });
  }
}

function register(kernelName: string, definition: KernelDefinition): void {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    const xla = backend as XlaBackend;
    const nodes = Object.fromEntries(
      Object.entries(inputs ?? {}).flatMap(([name, info]) =>
        info === null || info === undefined ? [] : [[name, xla.nodeOf(info as tf.TensorInfo)]]
      ),
    );
    const outputs = named(kernelName, inputs ?? {}, () => definition(nodes, attrs ?? {}, xla));
    return Array.isArray(outputs) ? outputs.map((node) => xla.infoOf(node)) : xla.infoOf(outputs);
  };
  tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
}

// Errors about the types of operands name the kernel: `Sub(bool[2], bool[2]): …`.
function named<T>(kernelName: string, inputs: tf.NamedTensorInfoMap, define: () => T): T {
  try {
    return define();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const types = Object.values(inputs).map((info) => info ? `${info.dtype}[${info.shape}]` : "none");
    throw new TypeError(`${kernelName}(${types.join(", ")}): ${error.message}.`);
  }
}

// What changes no element shares its data.
function registerSharing(
  kernelName: string,
  shapeOf: (x: tf.TensorInfo, attributes: tf.NamedAttrMap) => number[],
): void {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    const x = (inputs.x ?? inputs.input) as tf.TensorInfo;
    return (backend as XlaBackend).share(x, shapeOf(x, attrs ?? {}));
  };
  tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
}

function registerCast(): void {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    const xla = backend as XlaBackend, x = inputs.x as tf.TensorInfo, dtype = attrs!.dtype as tf.DataType;
    return dtype === x.dtype ? xla.share(x, x.shape) : xla.infoOf(cast(xla.nodeOf(x), elementType(dtype)));
  };
  tf.registerKernel({ kernelName: tf.Cast, backendName: BACKEND, kernelFunc });
}

// A name of a kernel is exported as a constant of that name, but for the fused ones.
const kernelNames = (): string[] =>
  Object.entries(tf).flatMap(([name, value]) => value === name || value === `_${name}` ? [value as string] : []);
