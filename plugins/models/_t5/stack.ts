/**
 * T5's encoder and decoder, and greedy decoding.
 *
 * @module
 */
import { type ParameterReader, tf } from "@opf/framework";
import { causalMask, fusedAttention } from "../_kernels/attention.ts";
import { type DrawDropout, drop } from "../_kernels/dropout.ts";
import { joinHeads, splitHeads } from "../_kernels/heads.ts";
import { fusedRmsNorm } from "../_kernels/rms_norm.ts";
import { ACTIVATIONS, embed, linear } from "../_layers/layers.ts";
import { multiHeadAttention } from "../_layers/multi_head_attention.ts";
import { relativePositionBias } from "../_layers/relative_positions.ts";
import type { T5Config } from "./parameters.ts";

/** What both stacks compute with. */
export interface T5Context {
  readonly config: T5Config;
  readonly parameter: ParameterReader;
  readonly draw: DrawDropout;
  readonly batch: number;
}

/** Keys that are attended to: their mask is bool, `[batch, 1, 1, keys]`. */
interface Encoded {
  /** Outputs of the encoder, `[batch · keys, width]`. */
  readonly rows: tf.Tensor;
  readonly mask: tf.Tensor;
}

const SELF_ATTENTION = "layer.0.SelfAttention", CROSS_ATTENTION = "layer.1.EncDecAttention";

const modulesOf = (module: string) => ({ query: `${module}.q`, key: `${module}.k`, value: `${module}.v` });

/** The encoder's outputs for token ids `[batch, length]`. */
export function encode(context: T5Context, { ids, mask }: { ids: tf.Tensor2D; mask: tf.Tensor }): Encoded {
  const { config } = context;
  const bias = positionBias(context, { stack: "encoder", length: ids.shape[1] });
  let rows = embedTokens(context, ids);
  for (let layer = 0; layer < config.num_layers; layer++) {
    const block = `encoder.block.${layer}`;
    rows = addAttention(context, rows, { block, module: SELF_ATTENTION, norm: "layer.0", mask, bias });
    rows = addFeedForward(context, rows, { block, module: "layer.1" });
  }
  return { rows: finalNorm(context, rows, "encoder"), mask };
}

/** The decoder's outputs for the token ids `[batch, length]` that come before those to predict: `[batch · length, width]`. */
export function decode(context: T5Context, ids: tf.Tensor2D, encoded: Encoded): tf.Tensor {
  const { config } = context;
  const [, length] = ids.shape;
  const bias = positionBias(context, { stack: "decoder", length });
  const mask = causalMask(length);
  let rows = embedTokens(context, ids);
  for (let layer = 0; layer < config.num_decoder_layers; layer++) {
    const block = `decoder.block.${layer}`;
    rows = addAttention(context, rows, { block, module: SELF_ATTENTION, norm: "layer.0", mask, bias });
    rows = addAttention(context, rows, {
      block,
      module: CROSS_ATTENTION,
      norm: "layer.1",
      mask: encoded.mask,
      keyRows: encoded.rows,
    });
    rows = addFeedForward(context, rows, { block, module: "layer.2" });
  }
  return finalNorm(context, rows, "decoder");
}

/** Logits over the vocabulary of the decoder's outputs `[rows, width]`. */
export function vocabularyLogits({ config, parameter }: Pick<T5Context, "config" | "parameter">, rows: tf.Tensor) {
  return linear(config.tied ? tf.mul(rows, config.d_model ** -0.5) : rows, parameter("lm_head.weight"));
}

/**
 * The likeliest next token, `length` times: `[batch, length]`, int32, padded after the token that ends a text. Each step
 * computes one token; keys and values of earlier ones are kept.
 */
export function generate(context: T5Context, length: number, encoded: Encoded): tf.Tensor2D {
  const { config, parameter, batch } = context;
  const { pad_token_id, eos_token_id, decoder_start_token_id } = config;
  const constant = (id: number) => tf.fill([batch], id, "int32");
  const layers = Array.from({ length: config.num_decoder_layers }, (_, layer) => {
    const block = `decoder.block.${layer}`;
    const heads = (rows: tf.Tensor, module: string) => headsOf(context, rows, `${block}.${module}`);
    return {
      block,
      heads,
      keys: [] as tf.Tensor[],
      values: [] as tf.Tensor[],
      encodedKeys: heads(encoded.rows, `${CROSS_ATTENTION}.k`),
      encodedValues: heads(encoded.rows, `${CROSS_ATTENTION}.v`),
    };
  });
  const tokens: tf.Tensor[] = [];
  let token = constant(decoder_start_token_id);
  let finished = tf.fill([batch], 0, "bool");
  for (let step = 0; step < length; step++) {
    const table = parameter("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
    const bias = relativePositionBias(table, {
      queries: 1,
      keys: step + 1,
      firstQuery: step,
      ...buckets(config, "decoder"),
    });
    let rows = embedTokens(context, tf.reshape(token, [batch, 1]));
    for (const { block, heads: project, keys, values, encodedKeys, encodedValues } of layers) {
      const add = (module: string, attended: tf.Tensor) =>
        tf.add(rows, linear(joinHeads(attended), parameter(`${block}.${module}.o.weight`)));
      let normalized = normalize(context, rows, `${block}.layer.0.layer_norm`);
      keys.push(project(normalized, `${SELF_ATTENTION}.k`));
      values.push(project(normalized, `${SELF_ATTENTION}.v`));
      const query = project(normalized, `${SELF_ATTENTION}.q`);
      rows = add(
        SELF_ATTENTION,
        fusedAttention(query, tf.concat(keys, 2), tf.concat(values, 2), { bias, scale: 1 }),
      );
      normalized = normalize(context, rows, `${block}.layer.1.layer_norm`);
      const crossQuery = project(normalized, `${CROSS_ATTENTION}.q`);
      rows = add(
        CROSS_ATTENTION,
        fusedAttention(crossQuery, encodedKeys, encodedValues, { mask: encoded.mask, scale: 1 }),
      );
      rows = addFeedForward(context, rows, { block, module: "layer.2" });
    }
    const logits = vocabularyLogits(context, finalNorm(context, rows, "decoder"));
    token = tf.where(finished, constant(pad_token_id), tf.argMax(logits, 1)) as tf.Tensor1D;
    finished = tf.logicalOr(finished, tf.equal(token, constant(eos_token_id)));
    tokens.push(token);
  }
  return tf.stack(tokens, 1) as tf.Tensor2D;
}

/** The total log-probability of each candidate, given the encoded text: `[batch, candidates]`. */
export function candidateScores(
  context: T5Context,
  candidates: readonly (readonly number[])[],
  encoded: Encoded,
): tf.Tensor2D {
  const { config, batch } = context;
  const scores = candidates.map((ids) => {
    const before = tf.tensor2d([[config.decoder_start_token_id, ...ids.slice(0, -1)]], undefined, "int32");
    const logits = vocabularyLogits(context, decode(context, tf.tile(before, [batch, 1]), encoded));
    const chosen = tf.tile(tf.oneHot(tf.tensor1d([...ids], "int32"), config.vocab_size), [batch, 1]);
    return tf.sum(tf.reshape(tf.sum(tf.mul(chosen, tf.logSoftmax(logits)), 1), [batch, ids.length]), 1);
  });
  return tf.stack(scores, 1) as tf.Tensor2D;
}

const headsOf = ({ config, parameter, batch }: T5Context, rows: tf.Tensor, module: string): tf.Tensor =>
  splitHeads(linear(rows, parameter(`${module}.weight`)), { batch, heads: config.num_heads });

function embedTokens({ config, parameter, draw }: T5Context, ids: tf.Tensor2D): tf.Tensor {
  const rows = embed(parameter("shared.weight"), tf.reshape(ids, [-1]));
  return drop(rows, draw(rows.shape, config.dropout_rate));
}

const normalize = ({ config, parameter }: T5Context, rows: tf.Tensor, module: string): tf.Tensor =>
  fusedRmsNorm(rows, { gamma: parameter(`${module}.weight`), epsilon: config.layer_norm_epsilon });

function finalNorm(context: T5Context, rows: tf.Tensor, stack: "encoder" | "decoder"): tf.Tensor {
  const normalized = normalize(context, rows, `${stack}.final_layer_norm`);
  return drop(normalized, context.draw(normalized.shape, context.config.dropout_rate));
}

const buckets = (config: T5Config, stack: "encoder" | "decoder") => ({
  buckets: config.relative_attention_num_buckets,
  maxDistance: config.relative_attention_max_distance,
  bidirectional: stack === "encoder",
});

/** The bias that all layers of a stack share: `[1, heads, length, length]`. */
function positionBias(
  { config, parameter }: T5Context,
  { stack, length }: { readonly stack: "encoder" | "decoder"; readonly length: number },
): tf.Tensor {
  const table = parameter(`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`);
  return relativePositionBias(table, { queries: length, keys: length, ...buckets(config, stack) });
}

/** `rows + dropout(attention(norm(rows)) · Wᵀ)` */
function addAttention(
  { config, parameter, draw, batch }: T5Context,
  rows: tf.Tensor,
  { block, module, norm, mask, bias, keyRows }: {
    readonly block: string;
    readonly module: string;
    readonly norm: string;
    readonly mask: tf.Tensor;
    readonly bias?: tf.Tensor;
    /** @default the normalized rows themselves */
    readonly keyRows?: tf.Tensor;
  },
): tf.Tensor {
  const rate = config.dropout_rate;
  const ofBlock = (name: string) => parameter(`${block}.${name}`);
  const normalized = fusedRmsNorm(rows, {
    gamma: ofBlock(`${norm}.layer_norm.weight`),
    epsilon: config.layer_norm_epsilon,
  });
  const attended = multiHeadAttention(ofBlock, {
    queryRows: normalized,
    keyRows: keyRows ?? normalized,
    batch,
    heads: config.num_heads,
    modules: modulesOf(module),
    biases: false,
    mask,
    bias,
    scale: 1,
    draw,
    rate,
  });
  const output = linear(attended, ofBlock(`${module}.o.weight`));
  return tf.add(rows, drop(output, draw(output.shape, rate)));
}

/** `rows + dropout(dropout(activation(x · W₁ᵀ)) · W₂ᵀ)` for `x = norm(rows)`; gated, the activation is multiplied by `x · Vᵀ`. */
function addFeedForward(
  context: T5Context,
  rows: tf.Tensor,
  { block, module }: { readonly block: string; readonly module: string },
): tf.Tensor {
  const { config: { activation, gated, dropout_rate: rate }, parameter, draw } = context;
  const x = normalize(context, rows, `${block}.${module}.layer_norm`);
  const project = (x: tf.Tensor, name: string) =>
    linear(x, parameter(`${block}.${module}.DenseReluDense.${name}.weight`));
  const activated = ACTIVATIONS[activation]!(project(x, gated ? "wi_0" : "wi"));
  const inner = gated ? tf.mul(activated, project(x, "wi_1")) : activated;
  const output = project(drop(inner, draw(inner.shape, rate)), "wo");
  return tf.add(rows, drop(output, draw(output.shape, rate)));
}
