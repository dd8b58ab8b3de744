/**
 * The type of a kernel.
 *
 * @module
 */
import type { tf } from "@opf/framework";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** A kernel of this backend. */
export type Kernel<Outputs = tf.TensorInfo> = (
  backend: BackendWasm,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
) => Outputs;
