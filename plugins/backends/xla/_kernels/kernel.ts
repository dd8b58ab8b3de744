/**
 * What a TensorFlow.js kernel is on lazy values.
 *
 * @module
 */
import type { Precision, tf } from "@opf/framework";
import type { Values } from "../_pjrt/buffer.ts";
import type { LazyNode } from "../_stablehlo/node.ts";

/** What a kernel knows beside its inputs and attributes. */
export interface KernelContext {
  readonly precision: Precision;
  /** Reads a value: a function that is being traced cannot be compiled. */
  valuesOf(node: LazyNode): Values;
}

/** Values by the names that TensorFlow.js gives inputs; lists of inputs count from 0. */
export type Inputs = Readonly<Record<string, LazyNode>>;

/** Makes the statements of a kernel. */
export type KernelDefinition = (
  inputs: Inputs,
  attributes: tf.NamedAttrMap,
  context: KernelContext,
) => LazyNode | LazyNode[];

/** Kernels by name. */
export type Kernels = Readonly<Record<string, KernelDefinition>>;
