/**
 * Kernels that read values: the shape of the result depends on them, or each call draws anew.
 *
 * @module
 */
import { RandomKey, tf } from "@opf/framework";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import { LazyNode } from "../_stablehlo/node.ts";
import { gather } from "../_stablehlo/indexing.ts";
import { transpose } from "../_stablehlo/movement.ts";

// Slices along an axis that differ, as they first occur, and for each slice which of them it is.
const unique: KernelDefinition = ({ x }, attributes, context) => {
  const axis = tf.util.parseAxisParam(attributes.axis as number, [...x!.shape])[0]!, extent = x!.shape[axis]!;
  const others = x!.shape.flatMap((_, other) => other === axis ? [] : [other]);
  const values = context.valuesOf(transpose(x!, [axis, ...others])), size = values.length / extent;
  const numbers = new Map<string, number>(), firsts: number[] = [];
  const indices = Int32Array.from({ length: extent }, (_, row) => {
    const slice = values.subarray(row * size, (row + 1) * size).join();
    return numbers.getOrInsertComputed(slice, () => firsts.push(row) - 1);
  });
  return [gather(x!, integers(Int32Array.from(firsts)), { axis }), integers(indices)];
};

// By inverting the cumulative distribution of each row, `[rows, outcomes]`.
const multinomial: KernelDefinition = ({ logits }, { numSamples, seed, normalized }, context) => {
  const [rows, outcomes] = logits!.shape as [number, number], samples = numSamples as number;
  const values = context.valuesOf(logits!);
  const words = new Uint32Array(Float64Array.of(seed as number).buffer) as unknown as [number, number];
  const uniforms = RandomKey.ofWords(...words).uniforms(rows * samples);
  const distributions = Array.from({ length: rows }, (_, row) => {
    const own = [...values.subarray(row * outcomes, (row + 1) * outcomes)], largest = Math.max(...own);
    const weights = normalized ? own : own.map((logit) => Math.exp(logit - largest));
    return { weights, total: weights.reduce((sum, weight) => sum + weight, 0) };
  });
  const drawn = Int32Array.from(uniforms, (uniform, index) => {
    const { weights, total } = distributions[Math.floor(index / samples)]!;
    let rest = uniform * total;
    const place = weights.findIndex((weight) => (rest -= weight) < 0);
    return place < 0 ? weights.findLastIndex((weight) => weight > 0) : place;
  });
  return integers(drawn, [rows, samples]);
};

const integers = (values: Int32Array<ArrayBuffer>, shape: readonly number[] = [values.length]): LazyNode =>
  new LazyNode({ type: "i32", shape, values });

/** Kernels that run on the host: a compiled function that calls them runs uncompiled. */
export const HOST: Kernels = {
  [tf.Unique]: unique,
  [tf.Multinomial]: multinomial,
};
