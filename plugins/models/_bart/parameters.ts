/**
 * BART's config and parameters.
 *
 * @module
 */
import type { Head, ParameterInfo } from "@opf/framework";
import { z } from "zod";
import {
  activation,
  checkHeads,
  checkTokenIds,
  type ConfigFile,
  dropoutRate,
  exportedConfig,
  initializerRange,
  keptLayers,
  layerCount,
  parseConfig,
  refuse,
  size,
  vocabularySize,
} from "../_config.ts";
import { type LayerStack, linearParameters, normParameters, stackParameters } from "../_parameters.ts";

/** Rows of the tables of positions that come before position 0. */
export const POSITION_OFFSET = 2;

const tokenId = z.int().min(0);

// Defaults are those of Transformers' BartConfig. A layer that is dropped at random is not implemented.
const schema = z.object({
  model_type: z.literal("bart"),
  is_encoder_decoder: z.literal(true).default(true),
  vocab_size: vocabularySize.default(50265),
  max_position_embeddings: size.default(1024),
  d_model: size.default(1024),
  encoder_layers: layerCount.default(12),
  num_hidden_layers: layerCount.optional(), // another name for it, which wins in Transformers
  encoder_ffn_dim: size.default(4096),
  encoder_attention_heads: size.default(16),
  decoder_layers: layerCount.default(12),
  decoder_ffn_dim: size.default(4096),
  decoder_attention_heads: size.default(16),
  encoder_layerdrop: z.literal(0).default(0),
  decoder_layerdrop: z.literal(0).default(0),
  activation_function: activation.default("gelu"),
  dropout: dropoutRate.default(0.1),
  attention_dropout: dropoutRate.default(0),
  activation_dropout: dropoutRate.default(0),
  classifier_dropout: dropoutRate.default(0),
  init_std: initializerRange.default(0.02),
  scale_embedding: z.boolean().default(false),
  tie_word_embeddings: z.literal(true).default(true),
  pad_token_id: tokenId.default(1),
  eos_token_id: tokenId.default(2),
  decoder_start_token_id: tokenId.default(2),
  // Of old files, with the only values that Transformers still implements.
  normalize_before: z.literal(false).optional(),
  normalize_embedding: z.literal(true).optional(),
  add_final_layer_norm: z.literal(false).optional(),
  add_bias_logits: z.literal(false).optional(),
  static_position_embeddings: z.literal(false).optional(),
  extra_pos_embeddings: z.literal(2).optional(),
});

const OLD_KEYS = ["classif_dropout", "force_bos_token_to_be_generated", "save_step"];

/** A checked config, with the number of layers to keep of each stack. */
export interface BartConfig extends z.output<typeof schema> {
  /** The whole file. */
  readonly file: ConfigFile;
}

/** Reads a config; what BART does not implement is a `RequestError`. */
export function readBartConfig(file: ConfigFile, layers?: number): BartConfig {
  const model = "a BART";
  const config = parseConfig(file, { model, schema, harmless: OLD_KEYS });
  const { d_model: width, encoder_attention_heads, decoder_attention_heads, encoder_layers, decoder_layers } = config;
  checkHeads(file, { model, key: "encoder_attention_heads", heads: encoder_attention_heads, width });
  checkHeads(file, { model, key: "decoder_attention_heads", heads: decoder_attention_heads, width });
  const { vocab_size: tokens, pad_token_id, eos_token_id, decoder_start_token_id } = config;
  checkTokenIds(file, { model, tokens, ids: { pad_token_id, eos_token_id, decoder_start_token_id } });
  if (![undefined, encoder_layers].includes(config.num_hidden_layers)) {
    refuse(file, { model, key: "num_hidden_layers", problem: `expected ${encoder_layers}, as "encoder_layers" says` });
  }
  return {
    ...config,
    file,
    encoder_layers: keptLayers(layers, { model: "bart", available: encoder_layers }),
    decoder_layers: keptLayers(layers, { model: "bart", available: decoder_layers }),
  };
}

/** Both stacks of layers. */
export function bartLayers(config: BartConfig): { readonly encoder: LayerStack; readonly decoder: LayerStack } {
  const { d_model: width } = config;
  const attention = (module: string) =>
    ["q_proj", "k_proj", "v_proj", "out_proj"].map((name) => ({
      module: `${module}.${name}`,
      kind: "attention" as const,
      shape: [width, width] as const,
      ...(name === "out_proj" && { norm: `${module}_layer_norm` }),
    }));
  const feedForward = (inner: number) =>
    [
      { module: "fc1", kind: "ffn", shape: [inner, width] },
      { module: "fc2", kind: "ffn", shape: [width, inner], norm: "final_layer_norm" },
    ] as const;
  return {
    encoder: {
      prefix: "model.encoder.layers",
      layers: config.encoder_layers,
      stack: "encoder",
      matrices: [...attention("self_attn"), ...feedForward(config.encoder_ffn_dim)],
    },
    decoder: {
      prefix: "model.decoder.layers",
      layers: config.decoder_layers,
      stack: "decoder",
      matrices: [...attention("self_attn"), ...attention("encoder_attn"), ...feedForward(config.decoder_ffn_dim)],
    },
  };
}

/** All parameters, by their names in Transformers. */
export function bartParameters(config: BartConfig, head: Head): ParameterInfo[] {
  const { d_model: width, vocab_size, max_position_embeddings } = config;
  const layers = bartLayers(config);
  const shared = "model.shared.weight";
  const stack = (name: "encoder" | "decoder"): ParameterInfo[] => [
    { name: `model.${name}.embed_tokens.weight`, shape: [vocab_size, width], tiedTo: shared },
    { name: `model.${name}.embed_positions.weight`, shape: [max_position_embeddings + POSITION_OFFSET, width] },
    ...normParameters(`model.${name}.layernorm_embedding`, width),
    ...stackParameters(layers[name]),
  ];
  const ofHead = { ifMissing: "head", initial: "normal" } as const;
  return [
    { name: shared, shape: [vocab_size, width] },
    ...stack("encoder"),
    ...stack("decoder"),
    ...linearParameters("classification_head.dense", { shape: [width, width], ...ofHead }),
    ...linearParameters("classification_head.out_proj", { shape: [head.outputs, width], ...ofHead }),
  ];
}

/** `config.json` of an exported model. */
export function exportedBartConfig(
  { file, vocab_size, encoder_layers, decoder_layers }: BartConfig,
  head: Head,
): ConfigFile {
  const { num_hidden_layers: _, ...rest } = file; // of all layers, also those that are not kept
  return exportedConfig(rest, {
    architecture: "BartForSequenceClassification",
    head,
    changes: { vocab_size, encoder_layers, decoder_layers },
  });
}
