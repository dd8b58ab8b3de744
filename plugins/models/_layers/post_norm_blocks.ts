/**
 * The two blocks of a transformer layer that normalizes after the residual (Vaswani et al. 2017): attention and feed-forward.
 *
 * @module
 */
import type { ParameterReader, tf } from "@opf/framework";
import type { DrawDropout } from "../_kernels/dropout.ts";
import { fusedResidualNorm } from "../_kernels/layer_norm.ts";
import { biasActivation, linear } from "./layers.ts";
import { multiHeadAttention, type MultiHeadAttentionOptions } from "./multi_head_attention.ts";

interface BlockOptions {
  readonly draw: DrawDropout;
  /** Dropout rate of what is added to the residual. */
  readonly rate: number;
  /** What LayerNorm adds to the variance. */
  readonly epsilon: number;
}

/** Names of an attention block's modules within a layer. */
export interface AttentionModules {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly norm: string;
}

/** Options of {@linkcode attentionBlock}. */
export interface AttentionBlockOptions extends BlockOptions, Omit<MultiHeadAttentionOptions, "modules" | "rate"> {
  readonly modules: AttentionModules;
  /** Dropout rate of the attention probabilities. */
  readonly attentionRate: number;
}

/** `LayerNorm(queryRows + dropout(attention · Wᵀ + b))`, `[batch · queries, width]`. */
export function attentionBlock(
  parameter: ParameterReader,
  { attentionRate, ...options }: AttentionBlockOptions,
): tf.Tensor {
  const { output, norm } = options.modules;
  const attended = multiHeadAttention(parameter, { ...options, rate: attentionRate });
  return addAndNormalize(parameter, attended, { ...options, output, norm, residual: options.queryRows });
}

/** Names of a feed-forward block's modules within a layer. */
export interface FeedForwardModules {
  readonly inner: string;
  readonly outer: string;
  readonly norm: string;
}

/** Options of {@linkcode feedForwardBlock}. */
export interface FeedForwardBlockOptions extends BlockOptions {
  readonly modules: FeedForwardModules;
  readonly activation: string;
  /** Dropout rate after the activation. @default 0 */
  readonly activationRate?: number;
}

/** `LayerNorm(x + dropout(dropout(activation(x · W₁ᵀ + b₁)) · W₂ᵀ + b₂))` for rows `x [rows, width]`. */
export function feedForwardBlock(
  parameter: ParameterReader,
  x: tf.Tensor,
  { modules: { inner, outer, norm }, activation, activationRate = 0, ...options }: FeedForwardBlockOptions,
): tf.Tensor {
  const projected = linear(x, parameter(`${inner}.weight`));
  const activated = biasActivation(projected, {
    bias: parameter(`${inner}.bias`),
    activation,
    dropout: options.draw(projected.shape, activationRate),
  });
  return addAndNormalize(parameter, activated, { ...options, output: outer, norm, residual: x });
}

function addAndNormalize(
  parameter: ParameterReader,
  x: tf.Tensor,
  { output, norm, residual, draw, rate, epsilon }: BlockOptions & {
    readonly output: string;
    readonly norm: string;
    readonly residual: tf.Tensor;
  },
): tf.Tensor {
  const projected = linear(x, parameter(`${output}.weight`));
  return fusedResidualNorm(projected, {
    bias: parameter(`${output}.bias`),
    residual,
    gamma: parameter(`${norm}.weight`),
    beta: parameter(`${norm}.bias`),
    epsilon,
    dropout: draw(projected.shape, rate),
  });
}
