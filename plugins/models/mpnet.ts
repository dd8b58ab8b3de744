/**
 * MPNet for sequence classification and regression.
 *
 * @module
 */
import {
  type Architecture,
  type Bucket,
  collateText,
  type EncodedExample,
  type ForwardContext,
  type Head,
  headLosses,
  type LanguageModel,
  type NamedArrays,
  padRows,
  type ParameterReader,
  type TextBatch,
  tf,
} from "@opf/framework";
import { pretrainedHead } from "./_config.ts";
import { type DrawDropout, drawDropout, drop } from "./_kernels/dropout.ts";
import { fusedNormDropout } from "./_kernels/layer_norm.ts";
import { languageModel, type LanguageModelOptions } from "./_language_model.ts";
import { biasActivation, embed, linear } from "./_layers/layers.ts";
import { encodeLayers } from "./_layers/post_norm_encoder.ts";
import { relativePositionBias } from "./_layers/relative_positions.ts";
import {
  BUCKETS,
  exportedMpnetConfig,
  type MpnetConfig,
  mpnetLayers,
  mpnetParameters,
  PAD_ID,
  readMpnetConfig,
} from "./_mpnet/parameters.ts";
import { mpnetTokenizer } from "./_mpnet/tokenizer.ts";
import { canonicalNames, stackMatrices } from "./_parameters.ts";

/** Options of {@linkcode mpnet}. */
export type MpnetOptions = LanguageModelOptions;

/**
 * MPNet (Song et al. 2020) as Transformers' `MPNetForSequenceClassification`: absolute positions, and relative positions
 * whose biases all layers share; no token types. The head reads only the first token's output of the last layer, so only
 * that output is computed.
 *
 * @example Its sizes come from the config
 * ```ts
 * import { mpnet } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "mpnet", hidden_size: 8, num_attention_heads: 2, max_position_embeddings: 66 };
 * const model = mpnet({ source: "a folder", layers: 3 }).architecture(sizes, { kind: "classification", outputs: 2 });
 * assertEquals(model.matrices.length, 6 * 3);
 * assertEquals(model.maxLength, 64); // two positions are never used
 * ```
 */
export const mpnet = (options: MpnetOptions): LanguageModel =>
  languageModel("mpnet", {
    ...options,
    tokenizer: mpnetTokenizer,
    build: (file, head) => architecture(readMpnetConfig(file, options.layers), head),
  });

/** The batch of an MPNet. */
type MpnetBatch = TextBatch & {
  /** `[batch, length]`, int32. */
  readonly positionIds: tf.Tensor2D;
};

function architecture(config: MpnetConfig, head: Head): Architecture {
  const parameters = mpnetParameters(config, head);
  return {
    config: exportedMpnetConfig(config, head),
    parameters,
    matrices: stackMatrices(mpnetLayers(config)),
    maxLength: config.max_position_embeddings - PAD_ID - 1,
    initializerRange: config.initializer_range,
    ...pretrainedHead(config.file, { model: "an MPNet", head }),
    canonicalName: canonicalNames({
      parameters,
      prefix: "mpnet.",
      stacks: [mpnetLayers(config)],
      isBuffer: /(^|\.)position_ids$/,
    }),
    collate,
    losses: (parameter, batch: MpnetBatch, context) =>
      headLosses(logits(config, parameter, { batch, context }), { labels: batch.labels, head }),
    outputs: (parameter, batch: MpnetBatch) => logits(config, parameter, { batch, context: {} }),
  };
}

/** Positions are counted over the tokens that do not pad, from the one after the padding's own. */
function collate(examples: readonly EncodedExample[], bucket: Bucket): NamedArrays {
  const { tokenTypeIds: _, ...arrays } = collateText(examples, bucket);
  const positions = examples.map(({ ids }) => {
    let position = PAD_ID;
    return Array.from(ids, (id) => id === PAD_ID ? PAD_ID : ++position);
  });
  return { ...arrays, positionIds: padRows(positions, { ...bucket, fill: PAD_ID }) };
}

interface ForwardOptions {
  readonly batch: MpnetBatch;
  readonly context: ForwardContext;
}

function logits(config: MpnetConfig, parameter: ParameterReader, { batch, context }: ForwardOptions): tf.Tensor2D {
  const [size, length] = batch.inputIds.shape;
  const draw = drawDropout(context), rate = config.hidden_dropout_prob;
  const first = encodeLayers(parameter, embedTokens(config, parameter, { batch, draw }), {
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) => `mpnet.encoder.layer.${layer}`),
    attention: {
      query: "attention.attn.q",
      key: "attention.attn.k",
      value: "attention.attn.v",
      output: "attention.attn.o",
      norm: "attention.LayerNorm",
    },
    feedForward: { inner: "intermediate.dense", outer: "output.dense", norm: "output.LayerNorm" },
    heads: config.num_attention_heads,
    activation: config.hidden_act,
    epsilon: config.layer_norm_eps,
    rate,
    attentionRate: config.attention_probs_dropout_prob,
    batch: size,
    mask: tf.reshape(tf.cast(batch.attentionMask, "bool"), [size, 1, 1, length]),
    bias: relativePositionBias(parameter("mpnet.encoder.relative_attention_bias.weight"), {
      queries: length,
      keys: length,
      buckets: BUCKETS,
      maxDistance: 128,
      bidirectional: true,
    }),
    draw,
    tokens: "first",
  });
  const projected = linear(drop(first, draw(first.shape, rate)), parameter("classifier.dense.weight"));
  const pooled = biasActivation(projected, {
    bias: parameter("classifier.dense.bias"),
    activation: "tanh",
    dropout: draw(projected.shape, rate),
  });
  return tf.add(linear(pooled, parameter("classifier.out_proj.weight")), parameter("classifier.out_proj.bias"));
}

function embedTokens(
  { hidden_size: width, hidden_dropout_prob: rate, layer_norm_eps: epsilon }: MpnetConfig,
  parameter: ParameterReader,
  { batch: { inputIds, positionIds }, draw }: { readonly batch: MpnetBatch; readonly draw: DrawDropout },
): tf.Tensor {
  const embedded = tf.add(
    embed(parameter("mpnet.embeddings.word_embeddings.weight"), tf.reshape(inputIds, [-1])),
    embed(parameter("mpnet.embeddings.position_embeddings.weight"), tf.reshape(positionIds, [-1])),
  );
  return fusedNormDropout(embedded, {
    gamma: parameter("mpnet.embeddings.LayerNorm.weight"),
    beta: parameter("mpnet.embeddings.LayerNorm.bias"),
    epsilon,
    dropout: draw([inputIds.size, width], rate),
  });
}
