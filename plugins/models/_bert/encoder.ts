/**
 * BERT's embeddings and encoder.
 *
 * @module
 */
import { type ForwardContext, type ParameterReader, type TextBatch, tf } from "@opf/framework";
import { type DrawDropout, drawDropout } from "../_kernels/dropout.ts";
import { fusedNormDropout } from "../_kernels/layer_norm.ts";
import { embed } from "../_layers/layers.ts";
import { encodeLayers } from "../_layers/post_norm_encoder.ts";
import type { BertConfig } from "./parameters.ts";

/** What a forward pass is given. */
export interface ForwardOptions {
  readonly batch: TextBatch;
  readonly context: ForwardContext;
}

/** Outputs of the last layer: of the first tokens, `[batch, width]`, or of all, `[batch · length, width]`. */
export function encode(
  config: BertConfig,
  parameter: ParameterReader,
  { batch, context, tokens }: ForwardOptions & { readonly tokens: "first" | "all" },
): tf.Tensor {
  const [size, length] = batch.inputIds.shape;
  const draw = drawDropout(context);
  return encodeLayers(parameter, embedTokens(config, parameter, { batch, draw }), {
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) => `bert.encoder.layer.${layer}`),
    attention: {
      query: "attention.self.query",
      key: "attention.self.key",
      value: "attention.self.value",
      output: "attention.output.dense",
      norm: "attention.output.LayerNorm",
    },
    feedForward: { inner: "intermediate.dense", outer: "output.dense", norm: "output.LayerNorm" },
    heads: config.num_attention_heads,
    activation: config.hidden_act,
    epsilon: config.layer_norm_eps,
    rate: config.hidden_dropout_prob,
    attentionRate: config.attention_probs_dropout_prob,
    batch: size,
    mask: tf.reshape(tf.cast(batch.attentionMask, "bool"), [size, 1, 1, length]),
    draw,
    tokens,
  });
}

function embedTokens(
  { hidden_size: width, hidden_dropout_prob: rate, layer_norm_eps: epsilon }: BertConfig,
  parameter: ParameterReader,
  { batch, draw }: { readonly batch: TextBatch; readonly draw: DrawDropout },
): tf.Tensor {
  const [size, length] = batch.inputIds.shape;
  const table = (name: string) => parameter(`bert.embeddings.${name}_embeddings.weight`);
  const tokens = tf.add(
    embed(table("word"), tf.reshape(batch.inputIds, [-1])),
    embed(table("token_type"), tf.reshape(batch.tokenTypeIds, [-1])),
  );
  const positions = tf.slice(table("position"), [0, 0], [length, width]);
  const embedded = tf.add(tf.reshape(tokens, [size, length, width]), positions);
  return fusedNormDropout(tf.reshape(embedded, [size * length, width]), {
    gamma: parameter("bert.embeddings.LayerNorm.weight"),
    beta: parameter("bert.embeddings.LayerNorm.bias"),
    epsilon,
    dropout: draw([size * length, width], rate),
  });
}
