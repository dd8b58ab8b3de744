/**
 * BART for sequence classification and regression.
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
  RequestError,
  type TextBatch,
  tf,
} from "@opf/framework";
import {
  type BartConfig,
  bartLayers,
  bartParameters,
  exportedBartConfig,
  POSITION_OFFSET,
  readBartConfig,
} from "./_bart/parameters.ts";
import { bartTokenizer } from "./_bart/tokenizer.ts";
import { pretrainedHead } from "./_config.ts";
import { causalMask } from "./_kernels/attention.ts";
import { type DrawDropout, drawDropout, drop } from "./_kernels/dropout.ts";
import { fusedNormDropout } from "./_kernels/layer_norm.ts";
import { languageModel, type LanguageModelOptions } from "./_language_model.ts";
import { biasActivation, embed, linear } from "./_layers/layers.ts";
import { attentionBlock, type AttentionModules, feedForwardBlock } from "./_layers/post_norm_blocks.ts";
import { encodeLayers, type LayerSettings } from "./_layers/post_norm_encoder.ts";
import { canonicalNames, stackMatrices } from "./_parameters.ts";

/** Options of {@linkcode bart}; `layers` are those of each stack. */
export type BartOptions = LanguageModelOptions;

/**
 * BART (Lewis et al. 2020) as Transformers' `BartForSequenceClassification`: the encoder reads an example, the decoder reads
 * it once more, one token to the right, and the head reads the decoder's output at the last `</s>`.
 *
 * @example The matrices of both stacks
 * ```ts
 * import { bart } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "bart", vocab_size: 100, d_model: 8, encoder_attention_heads: 2, decoder_attention_heads: 2 };
 * const model = bart({ source: "a folder", layers: 3 }).architecture(sizes, { kind: "classification", outputs: 2 });
 * const count = (of: string) => model.matrices.filter(({ stack }) => stack === of).length;
 * assertEquals([count("encoder"), count("decoder")], [6 * 3, 10 * 3]); // the decoder also attends to the encoder
 * ```
 */
export const bart = (options: BartOptions): LanguageModel =>
  languageModel("bart", {
    ...options,
    tokenizer: bartTokenizer,
    build: (file, head) => architecture(readBartConfig(file, options.layers), head),
  });

/** The batch of a BART. */
type BartBatch = TextBatch & {
  /** `[batch, length]`, int32. */
  readonly decoderInputIds: tf.Tensor2D;
  /** Position of the token that the head reads: `[batch]`, int32. */
  readonly headPositions: tf.Tensor1D;
};

function architecture(config: BartConfig, head: Head): Architecture {
  const parameters = bartParameters(config, head);
  const layers = bartLayers(config);
  return {
    config: exportedBartConfig(config, head),
    parameters,
    matrices: [...stackMatrices(layers.encoder), ...stackMatrices(layers.decoder)],
    maxLength: config.max_position_embeddings,
    endToken: config.eos_token_id,
    initializerRange: config.init_std,
    ...pretrainedHead(config.file, { model: "a BART", head }),
    canonicalName: canonicalNames({
      parameters,
      prefix: "model.",
      stacks: [layers.encoder, layers.decoder],
      isBuffer: /^(?:model\.)?(?:(?:encoder|decoder)\.version|final_logits_bias)$/,
    }),
    collate: (examples, bucket) => collate(config, examples, bucket),
    losses: (parameter, batch: BartBatch, context) =>
      headLosses(logits(config, parameter, { batch, context }), { labels: batch.labels, head }),
    outputs: (parameter, batch: BartBatch) => logits(config, parameter, { batch, context: {} }),
  };
}

function collate(config: BartConfig, examples: readonly EncodedExample[], bucket: Bucket): NamedArrays {
  const { tokenTypeIds: _, ...arrays } = collateText(examples, bucket);
  const shifted = examples.map(({ ids }) => [config.decoder_start_token_id, ...[...ids].slice(0, -1)]);
  const positions = examples.map(({ ids, index }) => {
    const position = [...ids].lastIndexOf(config.eos_token_id);
    if (position < 0) {
      throw new RequestError(
        `Example ${index}: expected the token ${config.eos_token_id}, which BART's head reads, got none; ` +
          "the tokenizer must end each example with it",
      );
    }
    return [position];
  });
  return {
    ...arrays,
    decoderInputIds: padRows(shifted, { ...bucket, fill: config.pad_token_id }),
    headPositions: {
      shape: [bucket.batchSize],
      values: padRows(positions, { batchSize: bucket.batchSize, length: 1, fill: 0 }).values,
    },
  };
}

interface ForwardOptions {
  readonly batch: BartBatch;
  readonly context: ForwardContext;
}

/** Logits, `[batch, outputs]`. */
function logits(config: BartConfig, parameter: ParameterReader, { batch, context }: ForwardOptions): tf.Tensor2D {
  const [size, length] = batch.inputIds.shape;
  const draw = drawDropout(context), rate = config.classifier_dropout;
  const rows = decode(config, parameter, { batch, draw });
  const places = tf.add(batch.headPositions, tf.range(0, size * length, length, "int32"));
  const states = embed(rows, places);
  const projected = linear(drop(states, draw(states.shape, rate)), parameter("classification_head.dense.weight"));
  const pooled = biasActivation(projected, {
    bias: parameter("classification_head.dense.bias"),
    activation: "tanh",
    dropout: draw(projected.shape, rate),
  });
  const weight = parameter("classification_head.out_proj.weight");
  return tf.add(linear(pooled, weight), parameter("classification_head.out_proj.bias"));
}

const attentionModules = (module: string): AttentionModules => ({
  query: `${module}.q_proj`,
  key: `${module}.k_proj`,
  value: `${module}.v_proj`,
  output: `${module}.out_proj`,
  norm: `${module}_layer_norm`,
});
const SELF_ATTENTION = attentionModules("self_attn"), CROSS_ATTENTION = attentionModules("encoder_attn");
const FEED_FORWARD = { inner: "fc1", outer: "fc2", norm: "final_layer_norm" };

interface StackInputs {
  readonly batch: BartBatch;
  readonly draw: DrawDropout;
}

/** Outputs of the decoder's last layer, `[batch · length, width]`. */
function decode(config: BartConfig, parameter: ParameterReader, { batch, draw }: StackInputs): tf.Tensor {
  const [size, length] = batch.inputIds.shape;
  const mask = tf.reshape(tf.cast(batch.attentionMask, "bool"), [size, 1, 1, length]);
  const settings = layerSettings(config);
  const encoded = encodeLayers(
    parameter,
    embedTokens(config, parameter, { ids: batch.inputIds, stack: "encoder", draw }),
    {
      layers: layerNames("encoder", config.encoder_layers),
      attention: SELF_ATTENTION,
      feedForward: FEED_FORWARD,
      ...settings,
      heads: config.encoder_attention_heads,
      batch: size,
      mask,
      draw,
      tokens: "all",
    },
  );
  const causal = causalMask(length);
  const embedded = embedTokens(config, parameter, { ids: batch.decoderInputIds, stack: "decoder", draw });
  return layerNames("decoder", config.decoder_layers).reduce((rows, layer) => {
    const ofLayer = (name: string) => parameter(`${layer}.${name}`);
    const options = { ...settings, heads: config.decoder_attention_heads, batch: size, draw };
    const attended = attentionBlock(ofLayer, {
      ...options,
      modules: SELF_ATTENTION,
      queryRows: rows,
      keyRows: rows,
      mask: causal,
    });
    const crossed = attentionBlock(ofLayer, {
      ...options,
      modules: CROSS_ATTENTION,
      queryRows: attended,
      keyRows: encoded,
      mask,
    });
    return feedForwardBlock(ofLayer, crossed, { ...options, modules: FEED_FORWARD });
  }, embedded);
}

const layerNames = (stack: string, count: number): string[] =>
  Array.from({ length: count }, (_, layer) => `model.${stack}.layers.${layer}`);

// What nn.LayerNorm adds to the variance; BART's config does not name it.
const EPSILON = 1e-5;

const layerSettings = (config: BartConfig): Omit<LayerSettings, "heads"> => ({
  activation: config.activation_function,
  epsilon: EPSILON,
  rate: config.dropout,
  attentionRate: config.attention_dropout,
  activationRate: config.activation_dropout,
});

function embedTokens(
  { d_model: width, dropout: rate, scale_embedding }: BartConfig,
  parameter: ParameterReader,
  { ids, stack, draw }: {
    readonly ids: tf.Tensor2D;
    readonly stack: "encoder" | "decoder";
    readonly draw: DrawDropout;
  },
): tf.Tensor {
  const [size, length] = ids.shape;
  const words = embed(parameter(`model.${stack}.embed_tokens.weight`), tf.reshape(ids, [-1]));
  const scaled = scale_embedding ? tf.mul(words, Math.sqrt(width)) : words;
  const positions = tf.slice(parameter(`model.${stack}.embed_positions.weight`), [POSITION_OFFSET, 0], [length, width]);
  const embedded = tf.add(tf.reshape(scaled, [size, length, width]), positions);
  return fusedNormDropout(tf.reshape(embedded, [size * length, width]), {
    gamma: parameter(`model.${stack}.layernorm_embedding.weight`),
    beta: parameter(`model.${stack}.layernorm_embedding.bias`),
    epsilon: EPSILON,
    dropout: draw([size * length, width], rate),
  });
}
