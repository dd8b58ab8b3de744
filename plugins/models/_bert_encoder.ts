/**
 * BERT's embeddings and encoder.
 *
 * @module
 */
import { type ForwardContext, type ParameterReader, type TextBatch, tf } from "@opf/framework";
import type { BertConfig } from "./_bert_config.ts";
import { type DrawDropout, drawDropout } from "./_dropout.ts";
import { fusedNormDropout } from "./_kernels/layer_norm.ts";
import { embed } from "./_layers.ts";
import { attentionBlock, feedForwardBlock } from "./_post_norm_blocks.ts";

/** What a forward pass is given. */
export interface ForwardOptions {
  readonly batch: TextBatch;
  readonly context: ForwardContext;
}

/** Which tokens' outputs of the last layer are wanted. */
type Tokens = "first" | "all";

/** Outputs of the last layer: of the first tokens, `[batch, width]`, or of all, `[batch · length, width]`. */
export function encode(
  config: BertConfig,
  parameter: ParameterReader,
  { batch, context, tokens }: ForwardOptions & { readonly tokens: Tokens },
): tf.Tensor {
  const [size, length] = batch.inputIds.shape;
  const draw = drawDropout(context);
  const mask = tf.reshape(tf.cast(batch.attentionMask, "bool"), [size, 1, 1, length]);
  let rows = embedTokens(config, parameter, { batch, draw });
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const first = tokens === "first" && layer === config.num_hidden_layers - 1;
    const queryRows = first ? firstRows(rows, size) : rows;
    rows = encodeLayer(config, (name) => parameter(`bert.encoder.layer.${layer}.${name}`), {
      queryRows,
      rows,
      batch: size,
      mask,
      draw,
    });
  }
  return rows;
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

/** The rows of the first tokens: `[batch · length, width]` to `[batch, width]`. */
function firstRows(rows: tf.Tensor, batch: number): tf.Tensor {
  const width = rows.shape[1]!;
  return tf.reshape(tf.slice(tf.reshape(rows, [batch, -1, width]), [0, 0, 0], [batch, 1, width]), [batch, width]);
}

interface LayerInputs {
  /** Rows whose outputs are wanted. */
  readonly queryRows: tf.Tensor;
  /** Rows of all tokens, `[batch · length, width]`. */
  readonly rows: tf.Tensor;
  readonly batch: number;
  /** Which tokens are no padding: bool, `[batch, 1, 1, length]`. */
  readonly mask: tf.Tensor;
  readonly draw: DrawDropout;
}

function encodeLayer(config: BertConfig, parameter: ParameterReader, { queryRows, rows, ...inputs }: LayerInputs) {
  const { hidden_dropout_prob: rate, layer_norm_eps: epsilon } = config;
  const attended = attentionBlock(parameter, {
    ...inputs,
    queryRows,
    keyRows: rows,
    heads: config.num_attention_heads,
    modules: {
      query: "attention.self.query",
      key: "attention.self.key",
      value: "attention.self.value",
      output: "attention.output.dense",
      norm: "attention.output.LayerNorm",
    },
    attentionRate: config.attention_probs_dropout_prob,
    rate,
    epsilon,
  });
  return feedForwardBlock(parameter, attended, {
    modules: { inner: "intermediate.dense", outer: "output.dense", norm: "output.LayerNorm" },
    activation: config.hidden_act,
    draw: inputs.draw,
    rate,
    epsilon,
  });
}
