/**
 * Compiled functions of tensors and a batch.
 *
 * @module
 */
import { engine, type JitOptions, type TensorFunction } from "../backend/engine.ts";
import type * as tf from "../backend/tf.ts";
import { batchTensors, type NamedArrays, type NamedTensors } from "../model/batch.ts";

/** A compiled function of tensors and a batch of the host, to be called in a `tf.tidy`. */
export type BatchFunction = (inputs: readonly tf.Tensor[], batch: NamedArrays) => tf.Tensor[];

/**
 * Compiles a function of tensors and a batch; `donate` counts the tensors alone, which come first. Where several devices share
 * a batch, the function gets the part of one: it sums, or gathers, what it returns.
 */
export function jitWithBatch(
  compute: (inputs: tf.Tensor[], batch: NamedTensors) => tf.Tensor[],
  options: Omit<JitOptions, "split">,
): BatchFunction {
  let compiled: { readonly names: readonly string[]; readonly run: TensorFunction } | undefined;
  return (inputs, batch) => {
    const { names, run } = compiled ??= compile(Object.keys(batch), compute, options);
    const tensors = batchTensors(batch);
    const missing = names.find((name) => !tensors[name]);
    if (missing) throw new Error(`Expected a batch with "${missing}", as the first had, got ${Object.keys(batch)}.`);
    return run(...inputs, ...names.map((name) => tensors[name]!));
  };
}

// A batch is a list of tensors to the engine: the names of the first batch say which is which.
function compile(
  names: readonly string[],
  compute: Parameters<typeof jitWithBatch>[0],
  options: Parameters<typeof jitWithBatch>[1],
) {
  const run = engine().jit((...all) => {
    const tensors = all.splice(all.length - names.length);
    return compute(all, Object.fromEntries(names.map((name, index) => [name, tensors[index]!])));
  }, { ...options, split: names.length });
  return { names, run };
}
