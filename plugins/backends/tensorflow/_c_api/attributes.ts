/**
 * Attributes of ops, for an op to run or for a node of a graph: the same calls with two prefixes.
 *
 * @module
 */
import { type Bytes, cName, type Library, type Pointer } from "./ffi.ts";

/** Kinds of attributes, with the numbers that TensorFlow.js's kernels use. */
export const ATTRIBUTE = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5, resource: 99 } as const;

/** One attribute of an op. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Shorthand for a type attribute. */
export const typed = (name: string, value: number): Attribute => ({ name, type: ATTRIBUTE.type, value });

/** Sets all attributes of an op (`TFE_OpSetAttr…`) or a node (`TF_SetAttr…`). */
export function setAttributes(
  { c, status }: Library,
  target: { op: Pointer } | { node: Pointer },
  attributes: readonly Attribute[],
): void {
  const eager = "op" in target;
  const pointer = eager ? target.op : target.node;
  for (const { name, type, value } of attributes) {
    const key = cName(name);
    if (type === ATTRIBUTE.type) {
      (eager ? c.TFE_OpSetAttrType : c.TF_SetAttrType)(pointer, key, value as number);
    } else if (type === ATTRIBUTE.bool) {
      (eager ? c.TFE_OpSetAttrBool : c.TF_SetAttrBool)(pointer, key, value ? 1 : 0);
    } else if (type === ATTRIBUTE.int && Array.isArray(value)) {
      const list = BigInt64Array.from(value as number[], BigInt);
      (eager ? c.TFE_OpSetAttrIntList : c.TF_SetAttrIntList)(pointer, key, list, list.length);
    } else if (type === ATTRIBUTE.int) {
      (eager ? c.TFE_OpSetAttrInt : c.TF_SetAttrInt)(pointer, key, BigInt(value as number));
    } else if (type === ATTRIBUTE.float) {
      (eager ? c.TFE_OpSetAttrFloat : c.TF_SetAttrFloat)(pointer, key, value as number);
    } else if (type === ATTRIBUTE.string) {
      const bytes: Bytes = new TextEncoder().encode(value as string);
      (eager ? c.TFE_OpSetAttrString : c.TF_SetAttrString)(pointer, key, bytes, BigInt(bytes.length));
    } else if (type === ATTRIBUTE.shape) {
      const dims = BigInt64Array.from(value as number[], BigInt);
      if (eager) c.TFE_OpSetAttrShape(pointer, key, dims, dims.length, status);
      else c.TF_SetAttrShape(pointer, key, dims, dims.length);
    } else {
      throw new Error(`The attribute "${name}" has an unsupported kind: ${type}.`);
    }
  }
}
