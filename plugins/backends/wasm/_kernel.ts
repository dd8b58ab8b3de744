/**
 * The type of a kernel of this backend.
 *
 * @module
 */
import type { tf } from "@opf/framework";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** What a kernel computes. */
export type Kernel<Outputs = tf.TensorInfo> = (
  backend: BackendWasm,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
) => Outputs;
