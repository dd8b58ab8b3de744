/**
 * BERT's embeddings and encoder.
 *
 * @module
 */
import { type ForwardContext, type ParameterReader, type TextBatch, tf } from "@opf/framework";
import { selfAttention, softmaxDropout } from "./_attention.ts";
import type { BertConfig } from "./_bert_config.ts";
import { biasActivation, dropoutResidualNorm, embed, normDropout, project } from "./_layers.ts";

/** What a forward pass is given. */
export interface ForwardOptions {
  readonly batch: TextBatch;
  readonly context: ForwardContext;
}

/** Of which tokens the last layer's outputs are wanted. */
type Tokens = "first" | "all";

/** Outputs of the last layer: of the first tokens, `[lines, width]`, or of all, `[lines · length, width]`. */
export function states(
  config: BertConfig,
  parameter: ParameterReader,
  { batch, context: { dropout }, tokens }: ForwardOptions & { readonly tokens: Tokens },
): tf.Tensor {
  const [lines, length] = batch.inputIds.shape;
  const width = config.hidden_size;
  const hiddenRate = config.hidden_dropout_prob;
  const mask = (shape: readonly number[], rate: number) => dropout && rate > 0 ? [dropout(shape, rate)] : [];
  const seen = tf.reshape(tf.cast(batch.attentionMask, "bool"), [lines, 1, 1, length]);
  const embedded = tf.add(
    tf.reshape(
      tf.add(
        embed(parameter("bert.embeddings.word_embeddings.weight"), tf.reshape(batch.inputIds, [-1])),
        embed(parameter("bert.embeddings.token_type_embeddings.weight"), tf.reshape(batch.tokenTypeIds, [-1])),
      ),
      [lines, length, width],
    ),
    tf.slice(parameter("bert.embeddings.position_embeddings.weight"), [0, 0], [length, width]),
  );
  let rows = normDropout(hiddenRate, config.layer_norm_eps)(
    tf.reshape(embedded, [lines * length, width]),
    parameter("bert.embeddings.LayerNorm.weight"),
    parameter("bert.embeddings.LayerNorm.bias"),
    ...mask([lines * length, width], hiddenRate),
  );
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const named = (name: string) => parameter(`bert.encoder.layer.${layer}.${name}`);
    const last = layer === config.num_hidden_layers - 1;
    rows = encode(named, rows, { config, mask, seen, lines, length, tokens: last ? tokens : "all" });
  }
  return rows;
}

interface EncoderContext {
  readonly config: BertConfig;
  readonly mask: (shape: readonly number[], rate: number) => tf.Tensor[];
  /** `[lines, 1, 1, length]`, bool. */
  readonly seen: tf.Tensor;
  readonly lines: number;
  readonly length: number;
}

/** One layer: rows `[lines · length, width]` to the same, or to the first tokens' `[lines, width]`. */
function encode(named: ParameterReader, rows: tf.Tensor, { tokens, ...context }: EncoderContext & { tokens: Tokens }) {
  const { config, mask, lines, length } = context;
  const { hidden_size: width, hidden_dropout_prob: rate } = config;
  const asking = tokens === "first"
    ? tf.reshape(tf.slice(tf.reshape(rows, [lines, length, width]), [0, 0, 0], [lines, 1, width]), [lines, width])
    : rows;
  const residualNorm = dropoutResidualNorm(rate, config.layer_norm_eps);
  const finish = (x: tf.Tensor, name: string, residual: tf.Tensor) =>
    residualNorm(
      project(x, named(`${name}.dense.weight`)),
      named(`${name}.dense.bias`),
      residual,
      named(`${name}.LayerNorm.weight`),
      named(`${name}.LayerNorm.bias`),
      ...mask([asking.shape[0]!, width], rate),
    );
  const mixed = tokens === "first" ? firstTokens(named, { rows, asking }, context) : allTokens(named, rows, context);
  const attended = finish(mixed, "attention.output", asking);
  const inner = biasActivation(config.hidden_act)(
    project(attended, named("intermediate.dense.weight")),
    named("intermediate.dense.bias"),
  );
  return finish(inner, "output", attended);
}

// Scores are divided by the root of a head's size.
const factorOf = ({ hidden_size, num_attention_heads }: BertConfig) => 1 / Math.sqrt(hidden_size / num_attention_heads);

/** Self-attention of all tokens: `[lines · length, width]`. */
function allTokens(named: ParameterReader, rows: tf.Tensor, { config, mask, seen, lines, length }: EncoderContext) {
  const { num_attention_heads: heads, attention_probs_dropout_prob: rate } = config;
  const [weights, biases] = ["weight", "bias"].map((part) =>
    ["query", "key", "value"].map((name) => named(`attention.self.${name}.${part}`))
  ) as [tf.Tensor2D[], tf.Tensor[]];
  const [dropped] = mask([lines, heads, length, length], rate);
  const attend = selfAttention(rate, factorOf(config), heads);
  return attend(project(rows, tf.concat(weights)), biases, { seen, ...(dropped && { mask: dropped }) });
}

/** What the first tokens, `asking [lines, width]`, take from all: `[lines, width]`. */
function firstTokens(
  named: ParameterReader,
  { rows, asking }: { readonly rows: tf.Tensor; readonly asking: tf.Tensor },
  { config, mask, seen, lines, length }: EncoderContext,
) {
  const { hidden_size: width, num_attention_heads: heads, attention_probs_dropout_prob: rate } = config;
  const byHead = (x: tf.Tensor, name: string, tokens: number) => {
    const linear = tf.add(project(x, named(`attention.self.${name}.weight`)), named(`attention.self.${name}.bias`));
    return tf.transpose(tf.reshape(linear, [lines, tokens, heads, width / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
  };
  const query = byHead(asking, "query", 1);
  const [key, value] = [byHead(rows, "key", length), byHead(rows, "value", length)];
  const softmax = softmaxDropout(rate, factorOf(config));
  const weights = softmax(tf.matMul(query, key, false, true), seen, ...mask([lines, heads, 1, length], rate));
  return tf.reshape(tf.transpose(tf.matMul(weights as tf.Tensor4D, value), [0, 2, 1, 3]), [lines, width]);
}
