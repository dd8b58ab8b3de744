/**
 * TensorFlow.js's data types and those of StableHLO.
 *
 * @module
 */
import type { tf } from "@opf/framework";
import type { ElementType } from "../_pjrt/buffer.ts";

const ELEMENT_TYPES: { readonly [dtype: string]: ElementType } = { float32: "f32", int32: "i32", bool: "i1" };
const DATA_TYPES: { readonly [type in ElementType]?: tf.DataType } = { f32: "float32", i32: "int32", i1: "bool" };

/** The element type of a TensorFlow.js data type. */
export function elementType(dtype: string): ElementType {
  const type = ELEMENT_TYPES[dtype];
  if (!type) throw new Error(`The backend xla has no tensors of ${dtype}: expected float32, int32 or bool.`);
  return type;
}

/** The TensorFlow.js data type of an element type. */
export function dataType(type: ElementType): tf.DataType {
  const dtype = DATA_TYPES[type];
  if (!dtype) throw new Error(`TensorFlow.js has no data type for ${type}.`);
  return dtype;
}
