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
  type Json,
  type LanguageModel,
  type ParameterReader,
  type TextBatch,
  tf,
} from "@opf/framework";
import { type BertConfig, readConfig } from "./_bert_config.ts";
import { encode, type ForwardOptions } from "./_bert_encoder.ts";
import { exportedConfig, matricesOf, parametersOf } from "./_bert_parameters.ts";
import { drawDropout } from "./_dropout.ts";
import { biasActivation, linear } from "./_layers.ts";
import { bertTokenizer } from "./_bert_tokenizer.ts";

/** Options of {@linkcode bert}. */
export interface BertOptions {
  /** Name on the hub, or a folder. */
  readonly source: string;
  /** Commit, tag or branch of the source. @default the one pinned by the source */
  readonly revision?: string;
  /** Keep only the first `layers` layers, in training and in the export. @default all */
  readonly layers?: number;
  /** What tables call it. @default its source, with the layers that are kept */
  readonly title?: string;
}

/**
 * BERT (Devlin et al. 2019) as Transformers' `BertForSequenceClassification`: embeddings, encoder, pooler and a linear
 * head, every size from `config.json`, parameter names as there. Only the first token's output of the last layer is
 * read, so only that one is computed; the result is the same.
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
export function bert({ source, revision, layers, title }: BertOptions): LanguageModel {
  return {
    name: "bert",
    options: { source, ...(revision !== undefined && { revision }), ...(layers !== undefined && { layers }) },
    source,
    ...(revision !== undefined && { revision }),
    ...(title !== undefined && { title }),
    tokenizer: bertTokenizer,
    architecture: (config, head) =>
      made(JSON.stringify([config, layers, head]), () => architecture(readConfig(config, layers), head)),
  };
}

// The same architecture is one object, so that what is compiled for it is found again.
const architectures = new Map<string, Architecture>();
const made = (key: string, make: () => Architecture): Architecture => architectures.getOrInsertComputed(key, make);

function architecture(config: BertConfig, head: Head): Architecture {
  const matrices = matricesOf(config);
  const parameters = parametersOf(config, matrices, head);
  const known = new Set(parameters.map(({ name }) => name));
  return {
    config: exportedConfig(config, head),
    parameters,
    matrices,
    maxLength: config.max_position_embeddings,
    initializerRange: config.initializer_range,
    canonicalName: (nameInFile) => {
      const name = nameInFile.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias");
      if (/(^|\.)position_ids$/.test(name)) return undefined; // a buffer of old files, not a parameter
      const full = known.has(`bert.${name}`) ? `bert.${name}` : name;
      const layer = /^(?:bert\.)?encoder\.layer\.(\d+)\./.exec(full)?.[1];
      return layer !== undefined && Number(layer) >= config.num_hidden_layers ? undefined : full;
    },
    collate: collateText,
    losses: (parameter, batch: TextBatch, context) =>
      headLosses(logits(config, parameter, { batch, context }), { labels: batch.labels, head }),
    outputs: (parameter, batch: TextBatch) => logits(config, parameter, { batch, context: {} }),
  };
}

function logits(config: BertConfig, parameter: ParameterReader, options: ForwardOptions): tf.Tensor2D {
  const projected = linear(
    encode(config, parameter, { ...options, tokens: "first" }),
    parameter("bert.pooler.dense.weight"),
  );
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
export const bertStates = (
  config: { readonly [key: string]: Json },
  parameter: ParameterReader,
  options: ForwardOptions,
): tf.Tensor => encode(readConfig(config, undefined), parameter, { ...options, tokens: "all" });
