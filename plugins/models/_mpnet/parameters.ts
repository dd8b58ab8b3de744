/**
 * MPNet's config and parameters.
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

/** The number of buckets that Transformers computes with, whatever the config says. */
export const BUCKETS = 32;
/** The token that pads, which Transformers' MPNet does not read from the config. */
export const PAD_ID = 1;

// Defaults are those of Transformers' MPNetConfig.
const schema = z.object({
  model_type: z.literal("mpnet"),
  vocab_size: vocabularySize.default(30527),
  hidden_size: size.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  max_position_embeddings: z.int().min(PAD_ID + 2).default(512),
  relative_attention_num_buckets: z.literal(BUCKETS).default(BUCKETS),
  layer_norm_eps: epsilon.default(1e-12),
  initializer_range: initializerRange.default(0.02),
  hidden_dropout_prob: dropoutRate.default(0.1),
  attention_probs_dropout_prob: dropoutRate.default(0.1),
  hidden_act: activation.default("gelu"),
  pad_token_id: z.literal(PAD_ID).nullish(),
});

/** A checked config, with the number of layers to keep. */
export interface MpnetConfig extends z.output<typeof schema> {
  /** The whole file. */
  readonly file: ConfigFile;
}

/** Reads a config; what MPNet does not implement is a `RequestError`. */
export function readMpnetConfig(file: ConfigFile, layers?: number): MpnetConfig {
  const model = "an MPNet";
  const config = parseConfig(file, { model, schema });
  checkHeads(file, { model, key: "num_attention_heads", heads: config.num_attention_heads, width: config.hidden_size });
  const kept = keptLayers(layers, { model: "mpnet", available: config.num_hidden_layers });
  return { ...config, file, num_hidden_layers: kept };
}

/** The encoder's layers. */
export function mpnetLayers(
  { num_hidden_layers, hidden_size: width, intermediate_size: inner }: MpnetConfig,
): LayerStack {
  const square = [width, width] as const;
  return {
    prefix: "mpnet.encoder.layer",
    layers: num_hidden_layers,
    matrices: [
      { module: "attention.attn.q", kind: "attention", shape: square },
      { module: "attention.attn.k", kind: "attention", shape: square },
      { module: "attention.attn.v", kind: "attention", shape: square },
      { module: "attention.attn.o", kind: "attention", shape: square, norm: "attention.LayerNorm" },
      { module: "intermediate.dense", kind: "ffn", shape: [inner, width] },
      { module: "output.dense", kind: "ffn", shape: [width, inner], norm: "output.LayerNorm" },
    ],
  };
}

/** All parameters, by their names in Transformers. */
export function mpnetParameters(config: MpnetConfig, head: Head): ParameterInfo[] {
  const width = config.hidden_size;
  const table = (name: string, entries: number): ParameterInfo => ({
    name: `mpnet.embeddings.${name}_embeddings.weight`,
    shape: [entries, width],
  });
  const ofHead = { ifMissing: "head", initial: "normal" } as const;
  return [
    table("word", config.vocab_size),
    table("position", config.max_position_embeddings),
    ...normParameters("mpnet.embeddings.LayerNorm", width),
    { name: "mpnet.encoder.relative_attention_bias.weight", shape: [BUCKETS, config.num_attention_heads] },
    ...stackParameters(mpnetLayers(config)),
    ...linearParameters("classifier.dense", { shape: [width, width], ...ofHead }),
    ...linearParameters("classifier.out_proj", { shape: [head.outputs, width], ...ofHead }),
  ];
}

/** `config.json` of an exported model. */
export function exportedMpnetConfig({ file, vocab_size, num_hidden_layers }: MpnetConfig, head: Head): ConfigFile {
  return exportedConfig(file, {
    architecture: "MPNetForSequenceClassification",
    head,
    changes: { vocab_size, num_hidden_layers },
  });
}
