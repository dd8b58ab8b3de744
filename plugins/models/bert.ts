/**
 * BERT for sequence classification and regression.
 *
 * @module
 */
import {
  type Architecture,
  collateText,
  type Head,
  headLosses,
  type LanguageModel,
  type ParameterReader,
  type TextBatch,
  tf,
} from "@opf/framework";
import { encode, type ForwardOptions } from "./_bert/encoder.ts";
import { type BertConfig, bertLayers, bertParameters, exportedBertConfig, readBertConfig } from "./_bert/parameters.ts";
import { bertTokenizer } from "./_bert/tokenizer.ts";
import { type ConfigFile, pretrainedHead } from "./_config.ts";
import { drawDropout } from "./_kernels/dropout.ts";
import { languageModel, type LanguageModelOptions } from "./_language_model.ts";
import { biasActivation, linear } from "./_layers/layers.ts";
import { canonicalNames, stackMatrices } from "./_parameters.ts";

/** Options of {@linkcode bert}. */
export type BertOptions = LanguageModelOptions;

/**
 * BERT (Devlin et al. 2019) as Transformers' `BertForSequenceClassification`: embeddings, encoder, pooler and a linear
 * head, every size from `config.json`, parameter names as there. The head reads only the first token's output of the last
 * layer, so only that output is computed.
 *
 * @example Its six kinds of matrices
 * ```ts
 * import { bert } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "bert", vocab_size: 100, hidden_size: 8, num_hidden_layers: 12, num_attention_heads: 2,
 *   intermediate_size: 32, max_position_embeddings: 64 };
 * const model = bert({ source: "a folder", layers: 3 }).architecture(sizes, { kind: "classification", outputs: 2 });
 * assertEquals(model.matrices.length, 6 * 3);
 * ```
 */
export const bert = (options: BertOptions): LanguageModel =>
  languageModel("bert", {
    ...options,
    tokenizer: bertTokenizer,
    build: (file, head) => architecture(readBertConfig(file, options.layers), head),
  });

function architecture(config: BertConfig, head: Head): Architecture {
  const parameters = bertParameters(config, head);
  return {
    config: exportedBertConfig(config, head),
    parameters,
    matrices: stackMatrices(bertLayers(config)),
    maxLength: config.max_position_embeddings,
    initializerRange: config.initializer_range,
    tokenTypes: config.type_vocab_size,
    ...pretrainedHead(config.file, { model: "a BERT", head }),
    canonicalName: canonicalNames({
      parameters,
      prefix: "bert.",
      stacks: [bertLayers(config)],
      isBuffer: /(^|\.)position_ids$/,
    }),
    collate: collateText,
    losses: (parameter, batch: TextBatch, context) =>
      headLosses(logits(config, parameter, { batch, context }), { labels: batch.labels, head }),
    outputs: (parameter, batch: TextBatch) => logits(config, parameter, { batch, context: {} }),
  };
}

function logits(config: BertConfig, parameter: ParameterReader, options: ForwardOptions): tf.Tensor2D {
  const first = encode(config, parameter, { ...options, tokens: "first" });
  const projected = linear(first, parameter("bert.pooler.dense.weight"));
  const pooled = biasActivation(projected, {
    bias: parameter("bert.pooler.dense.bias"),
    activation: "tanh",
    dropout: drawDropout(options.context)(projected.shape, config.classifier_dropout),
  });
  return tf.add(linear(pooled, parameter("classifier.weight")), parameter("classifier.bias"));
}

/**
 * The last layer's outputs for all tokens, `[batch · length, width]`, of the BERT that `config.json` describes: for
 * training on tokens, as masked language modeling does.
 */
export const bertStates = (file: ConfigFile, parameter: ParameterReader, options: ForwardOptions): tf.Tensor =>
  encode(readBertConfig(file), parameter, { ...options, tokens: "all" });
