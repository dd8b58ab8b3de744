/**
 * BERT's config and parameters.
 *
 * @module
 */
import type { Head, ParameterInfo } from "@opf/framework";
import { z } from "zod";
import {
  activation,
  checkHeads,
  type ConfigFile,
  dropoutRate,
  epsilon,
  exportedConfig,
  initializerRange,
  keptLayers,
  layerCount,
  parseConfig,
  size,
  vocabularySize,
} from "../_config.ts";
import { type LayerStack, linearParameters, normParameters, stackParameters } from "../_parameters.ts";

// Defaults are those of Transformers' BertConfig.
const schema = z.object({
  model_type: z.literal("bert"),
  position_embedding_type: z.literal("absolute").nullish(),
  vocab_size: vocabularySize,
  hidden_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size.default(2),
  layer_norm_eps: epsilon.default(1e-12),
  initializer_range: initializerRange.default(0.02),
  hidden_dropout_prob: dropoutRate.default(0.1),
  attention_probs_dropout_prob: dropoutRate.default(0.1),
  classifier_dropout: dropoutRate.nullish(),
  hidden_act: activation.default("gelu"),
});

// Of configs that were converted from TensorFlow's files.
const OLD_KEYS = [
  ...["directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers"],
  ...["pooler_size_per_head", "pooler_type"],
];

/** A checked config, with the number of layers to keep. */
export interface BertConfig extends Omit<z.output<typeof schema>, "classifier_dropout"> {
  readonly classifier_dropout: number;
  /** The whole file. */
  readonly file: ConfigFile;
}

/** Reads a config; what BERT does not implement is a `RequestError`. */
export function readBertConfig(file: ConfigFile, layers?: number): BertConfig {
  const model = "a BERT";
  const config = parseConfig(file, { model, schema, harmless: OLD_KEYS });
  checkHeads(file, { model, key: "num_attention_heads", heads: config.num_attention_heads, width: config.hidden_size });
  return {
    ...config,
    file,
    num_hidden_layers: keptLayers(layers, { model: "bert", available: config.num_hidden_layers }),
    classifier_dropout: config.classifier_dropout ?? config.hidden_dropout_prob,
  };
}

/** The encoder's layers. */
export function bertLayers(
  { num_hidden_layers, hidden_size: width, intermediate_size: inner }: BertConfig,
): LayerStack {
  const square = [width, width] as const;
  return {
    prefix: "bert.encoder.layer",
    layers: num_hidden_layers,
    matrices: [
      { module: "attention.self.query", kind: "attention", shape: square },
      { module: "attention.self.key", kind: "attention", shape: square },
      { module: "attention.self.value", kind: "attention", shape: square },
      { module: "attention.output.dense", kind: "attention", shape: square, norm: "attention.output.LayerNorm" },
      { module: "intermediate.dense", kind: "ffn", shape: [inner, width] },
      { module: "output.dense", kind: "ffn", shape: [width, inner], norm: "output.LayerNorm" },
    ],
  };
}

/** All parameters, by their names in Transformers. */
export function bertParameters(config: BertConfig, head: Head): ParameterInfo[] {
  const width = config.hidden_size;
  const table = (name: string, entries: number): ParameterInfo => ({
    name: `bert.embeddings.${name}_embeddings.weight`,
    shape: [entries, width],
  });
  return [
    table("word", config.vocab_size),
    table("position", config.max_position_embeddings),
    table("token_type", config.type_vocab_size),
    ...normParameters("bert.embeddings.LayerNorm", width),
    ...stackParameters(bertLayers(config)),
    ...linearParameters("bert.pooler.dense", { shape: [width, width], ifMissing: "optional", initial: "normal" }),
    ...linearParameters("classifier", { shape: [head.outputs, width], ifMissing: "head", initial: "normal" }),
  ];
}

/** `config.json` of an exported model. */
export function exportedBertConfig({ file, num_hidden_layers }: BertConfig, head: Head): ConfigFile {
  return exportedConfig(file, { architecture: "BertForSequenceClassification", head, changes: { num_hidden_layers } });
}
