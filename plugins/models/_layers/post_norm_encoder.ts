/**
 * Encoder layers that normalize after the residual, as those of BERT, MPNet and BART.
 *
 * @module
 */
import { type ParameterReader, tf } from "@opf/framework";
import type { DrawDropout } from "../_kernels/dropout.ts";
import {
  attentionBlock,
  type AttentionModules,
  feedForwardBlock,
  type FeedForwardModules,
} from "./post_norm_blocks.ts";

/** The settings of all layers of a stack. */
export interface LayerSettings {
  readonly heads: number;
  /** A key of `ACTIVATIONS`. */
  readonly activation: string;
  /** What LayerNorm adds to the variance. */
  readonly epsilon: number;
  /** Dropout rate of what is added to the residual. */
  readonly rate: number;
  /** Dropout rate of the attention probabilities. */
  readonly attentionRate: number;
  /** Dropout rate after the activation. @default 0 */
  readonly activationRate?: number;
}

/** What the layers of an encoder read. */
export interface EncoderInputs {
  readonly batch: number;
  /** Which tokens are no padding: bool, `[batch, 1, 1, length]`. */
  readonly mask: tf.Tensor;
  /** Added to the scores of all layers: `[1, heads, length, length]`. @default nothing */
  readonly bias?: tf.Tensor | undefined;
  readonly draw: DrawDropout;
  /** The tokens whose outputs of the last layer are read. */
  readonly tokens: "first" | "all";
}

/** An encoder of layers with the same modules. */
export interface Encoder extends LayerSettings {
  /** The module of each layer, as in `bert.encoder.layer.0`. */
  readonly layers: readonly string[];
  readonly attention: AttentionModules;
  readonly feedForward: FeedForwardModules;
}

/** Rows of embeddings `[batch · length, width]` to rows of the last layer; of first tokens only, `[batch, width]`. */
export function encodeLayers(
  parameter: ParameterReader,
  embedded: tf.Tensor,
  { layers, attention, feedForward, tokens, batch, bias, ...options }: Encoder & EncoderInputs,
): tf.Tensor {
  return layers.reduce((rows, layer, index) => {
    const ofLayer = (name: string) => parameter(`${layer}.${name}`);
    const first = tokens === "first" && index === layers.length - 1;
    const attended = attentionBlock(ofLayer, {
      ...options,
      batch,
      modules: attention,
      queryRows: first ? firstRows(rows, batch) : rows,
      keyRows: rows,
      bias: first && bias ? firstQuery(bias) : bias,
    });
    return feedForwardBlock(ofLayer, attended, { ...options, modules: feedForward });
  }, embedded);
}

// The rows of the first tokens: `[batch · length, width]` to `[batch, width]`.
function firstRows(rows: tf.Tensor, batch: number): tf.Tensor {
  const width = rows.shape[1]!;
  return tf.reshape(tf.slice(tf.reshape(rows, [batch, -1, width]), [0, 0, 0], [batch, 1, width]), [batch, width]);
}

function firstQuery(bias: tf.Tensor): tf.Tensor {
  const [ones, heads, , keys] = bias.shape as [number, number, number, number];
  return tf.slice(bias, [0, 0, 0, 0], [ones, heads, 1, keys]);
}
