/**
 * T5's config and parameters.
 *
 * @module
 */
import type { ParameterInfo } from "@opf/framework";
import { z } from "zod";
import {
  checkTokenIds,
  type ConfigFile,
  dropoutRate,
  epsilon,
  exportedFile,
  keptLayers,
  layerCount,
  parseConfig,
  refuse,
  size,
  vocabularySize,
} from "../_config.ts";
import { ACTIVATIONS } from "../_layers/layers.ts";
import { type LayerStack, stackParameters } from "../_parameters.ts";

const tokenId = z.int().min(0);

// Defaults are those of Transformers' T5Config.
const schema = z.object({
  model_type: z.literal("t5"),
  is_encoder_decoder: z.literal(true).default(true),
  vocab_size: vocabularySize.default(32128),
  d_model: size.default(512),
  d_kv: size.default(64),
  d_ff: size.default(2048),
  num_layers: layerCount.default(6),
  num_decoder_layers: layerCount.nullish(),
  num_heads: size.default(8),
  relative_attention_num_buckets: z.int().min(4).default(32),
  relative_attention_max_distance: size.default(128),
  n_positions: size.default(512),
  dropout_rate: dropoutRate.default(0.1),
  layer_norm_epsilon: epsilon.default(1e-6),
  initializer_factor: z.number().min(0).default(1),
  feed_forward_proj: z.string().default("relu"),
  dense_act_fn: z.string().optional(),
  is_gated_act: z.boolean().optional(),
  tie_word_embeddings: z.boolean().nullish(),
  scale_decoder_outputs: z.boolean().optional(),
  pad_token_id: tokenId.default(0),
  eos_token_id: tokenId.default(1),
  decoder_start_token_id: tokenId,
});

/** A checked config, with the number of layers to keep of each stack. */
export interface T5Config extends Omit<z.output<typeof schema>, "num_decoder_layers" | "tie_word_embeddings"> {
  readonly num_decoder_layers: number;
  /** A key of `ACTIVATIONS`. */
  readonly activation: string;
  /** The activation is multiplied by a second projection. */
  readonly gated: boolean;
  /** The logits are products with the embeddings, and scaled; otherwise they have a matrix of their own (T5 1.1). */
  readonly tied: boolean;
  /** The whole file. */
  readonly file: ConfigFile;
}

/** Reads a config; what T5 does not implement is a `RequestError`. */
export function readT5Config(file: ConfigFile, layers?: number): T5Config {
  const model = "a T5";
  const config = parseConfig(file, { model, schema, harmless: ["classifier_dropout"] });
  const names = config.feed_forward_proj.split("-");
  const gated = names.length === 2 && names[0] === "gated";
  const activation = config.feed_forward_proj === "gated-gelu" ? "gelu_new" : names.at(-1)!;
  if (!Object.hasOwn(ACTIVATIONS, activation) || names.length > (gated ? 2 : 1)) {
    const problem = `expected one of ${Object.keys(ACTIVATIONS).join(", ")}, with or without "gated-" before it`;
    refuse(file, { model, key: "feed_forward_proj", problem });
  }
  // Files of newer versions of Transformers also hold what follows from the key above; a different value would count there.
  for (const [key, expected] of [["dense_act_fn", activation], ["is_gated_act", gated]] as const) {
    if (![undefined, expected].includes(config[key])) {
      refuse(file, { model, key, problem: `expected ${JSON.stringify(expected)}, as "feed_forward_proj" says` });
    }
  }
  if (config.relative_attention_num_buckets % 2 !== 0) {
    refuse(file, { model, key: "relative_attention_num_buckets", problem: "expected an even number" });
  }
  const exact = config.relative_attention_num_buckets / 2; // of the decoder; the encoder's are half as many
  if (config.relative_attention_max_distance <= exact) {
    const problem = `expected more than ${exact}, half of "relative_attention_num_buckets"`;
    refuse(file, { model, key: "relative_attention_max_distance", problem });
  }
  const { vocab_size: tokens, pad_token_id, eos_token_id, decoder_start_token_id } = config;
  checkTokenIds(file, { model, tokens, ids: { pad_token_id, eos_token_id, decoder_start_token_id } });
  return {
    ...config,
    file,
    activation,
    gated,
    tied: config.scale_decoder_outputs ?? config.tie_word_embeddings !== false,
    num_layers: keptLayers(layers, { model: "t5", available: config.num_layers }),
    num_decoder_layers: keptLayers(layers, {
      model: "t5",
      available: config.num_decoder_layers ?? config.num_layers,
    }),
  };
}

/** Both stacks of layers, their first values as T5 draws them. */
export function t5Layers(config: T5Config): { readonly encoder: LayerStack; readonly decoder: LayerStack } {
  const { d_model: width, d_ff, gated } = config;
  const inner = config.num_heads * config.d_kv;
  const matrix = (
    kind: "attention" | "ffn",
    module: string,
    shape: readonly [number, number],
    variance = 1 / shape[1],
  ) => ({
    module,
    kind,
    shape,
    initialDeviation: config.initializer_factor * Math.sqrt(variance),
  });
  const attention = (module: string) => [
    matrix("attention", `${module}.q`, [inner, width], 1 / (width * config.d_kv)), // scores are not scaled
    matrix("attention", `${module}.k`, [inner, width]),
    matrix("attention", `${module}.v`, [inner, width]),
    matrix("attention", `${module}.o`, [width, inner]),
  ];
  const feedForward = (module: string) => [
    ...(gated ? ["wi_0", "wi_1"] : ["wi"]).map((name) => matrix("ffn", `${module}.${name}`, [d_ff, width])),
    matrix("ffn", `${module}.wo`, [width, d_ff]),
  ];
  return {
    encoder: {
      prefix: "encoder.block",
      layers: config.num_layers,
      stack: "encoder",
      matrices: [...attention("layer.0.SelfAttention"), ...feedForward("layer.1.DenseReluDense")],
    },
    decoder: {
      prefix: "decoder.block",
      layers: config.num_decoder_layers,
      stack: "decoder",
      matrices: [
        ...attention("layer.0.SelfAttention"),
        ...attention("layer.1.EncDecAttention"),
        ...feedForward("layer.2.DenseReluDense"),
      ],
    },
  };
}

/** All parameters, by their names in Transformers. */
export function t5Parameters(config: T5Config): ParameterInfo[] {
  const { d_model: width, vocab_size } = config;
  const layers = t5Layers(config);
  const shared = "shared.weight";
  const norm = (module: string): ParameterInfo => ({
    name: `${module}.weight`,
    shape: [width],
    noWeightDecay: true,
    initial: "ones",
  });
  const stack = (name: "encoder" | "decoder"): ParameterInfo[] => [
    { name: `${name}.embed_tokens.weight`, shape: [vocab_size, width], tiedTo: shared },
    {
      name: `${name}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
      shape: [config.relative_attention_num_buckets, config.num_heads],
      initialDeviation: config.initializer_factor / Math.sqrt(width),
    },
    ...stackParameters({ ...layers[name], biases: false }),
    ...Array.from(
      { length: layers[name].layers },
      (_, layer) =>
        Array.from(
          { length: name === "encoder" ? 2 : 3 },
          (_, block) => norm(`${name}.block.${layer}.layer.${block}.layer_norm`),
        ),
    ).flat(),
    norm(`${name}.final_layer_norm`),
  ];
  return [
    { name: shared, shape: [vocab_size, width] },
    ...stack("encoder"),
    ...stack("decoder"),
    { name: "lm_head.weight", shape: [vocab_size, width], ...(config.tied && { tiedTo: shared }) },
  ];
}

/** `config.json` of an exported model. */
export const exportedT5Config = ({ file, vocab_size, num_layers, num_decoder_layers }: T5Config): ConfigFile =>
  exportedFile(file, {
    architecture: "T5ForConditionalGeneration",
    changes: { vocab_size, num_layers, num_decoder_layers },
  });
