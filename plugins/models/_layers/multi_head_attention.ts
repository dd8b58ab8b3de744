/**
 * Multi-head attention over rows, with its projections.
 *
 * @module
 */
import type { ParameterReader, tf } from "@opf/framework";
import { type AttentionOptions, fusedAttention } from "../_kernels/attention.ts";
import type { DrawDropout } from "../_kernels/dropout.ts";
import { fusedSplitHeads, joinHeads, splitHeads } from "../_kernels/heads.ts";
import { linear } from "./layers.ts";

/** What {@linkcode multiHeadAttention} attends with and to; `width` is that of all heads together. */
export interface MultiHeadAttentionOptions extends Pick<AttentionOptions, "mask" | "bias" | "scale"> {
  /** Rows that ask, `[batch · queries, …]`. */
  readonly queryRows: tf.Tensor;
  /** Rows that keys and values are made of, `[batch · keys, …]`. */
  readonly keyRows: tf.Tensor;
  readonly batch: number;
  readonly heads: number;
  /** Modules of the projections: each has a `weight` and, unless `biases` is false, a `bias`. */
  readonly modules: { readonly query: string; readonly key: string; readonly value: string };
  /** @default true */
  readonly biases?: boolean;
  /** Draws the mask of the attention probabilities. */
  readonly draw: DrawDropout;
  /** Dropout rate of the attention probabilities. */
  readonly rate: number;
}

/** What each query attends to, heads side by side and before the output projection: `[batch · queries, width]`. */
export function multiHeadAttention(
  parameter: ParameterReader,
  { queryRows, keyRows, batch, heads, modules, biases = true, draw, rate, ...options }: MultiHeadAttentionOptions,
): tf.Tensor2D {
  const project = (rows: tf.Tensor, module: string) => {
    const projected = linear(rows, parameter(`${module}.weight`));
    return biases
      ? fusedSplitHeads(projected, { batch, heads, bias: parameter(`${module}.bias`) })
      : splitHeads(projected, { batch, heads });
  };
  const query = project(queryRows, modules.query);
  const [key, value] = [project(keyRows, modules.key), project(keyRows, modules.value)];
  const dropout = draw([batch, heads, query.shape[2]!, key.shape[2]!], rate);
  return joinHeads(fusedAttention(query, key, value, { ...options, dropout }));
}
