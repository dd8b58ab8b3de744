/**
 * MPNet's config and parameters.
 *
 * @module
 */
import type { Head, MatrixInfo, ParameterInfo } from "@opf/framework";
import { z } from "zod";
import {
  activation,
  checkHeads,
  type ConfigFile,
  dropoutRate,
  epsilon,
  headConfig,
  keptLayers,
  parseConfig,
  size,
} from "./_config.ts";
import { linearParameters, normParameters } from "./_parameters.ts";

/** The number of buckets that Transformers computes with, whatever the config says. */
export const BUCKETS = 32;
/** The token that pads, which Transformers' MPNet does not read from the config. */
export const PAD_ID = 1;

// Defaults are those of Transformers' MPNetConfig.
const schema = z.object({
  model_type: z.literal("mpnet"),
  vocab_size: size.default(30527),
  hidden_size: size.default(768),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  max_position_embeddings: z.int().min(PAD_ID + 2).default(512),
  relative_attention_num_buckets: z.literal(BUCKETS).default(BUCKETS),
  layer_norm_eps: epsilon.default(1e-12),
  initializer_range: z.number().min(0).default(0.02),
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

const LINEAR = [
  { module: "attention.attn.q", kind: "attention" },
  { module: "attention.attn.k", kind: "attention" },
  { module: "attention.attn.v", kind: "attention" },
  { module: "attention.attn.o", kind: "attention" },
  { module: "intermediate.dense", kind: "ffn" },
  { module: "output.dense", kind: "ffn" },
] as const;

/** The matrices of all layers, `[out, in]`. */
export function mpnetMatrices({ num_hidden_layers, hidden_size, intermediate_size }: MpnetConfig): MatrixInfo[] {
  return Array.from({ length: num_hidden_layers }, (_, layer) =>
    LINEAR.map(({ module, kind }) => ({
      name: `mpnet.encoder.layer.${layer}.${module}.weight`,
      kind,
      module,
      layer,
      shape: [
        module === "intermediate.dense" ? intermediate_size : hidden_size,
        module === "output.dense" ? intermediate_size : hidden_size,
      ] as const,
    }))).flat();
}

/** All parameters, by their names in Transformers. */
export function mpnetParameters(config: MpnetConfig, matrices: readonly MatrixInfo[], head: Head): ParameterInfo[] {
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
    ...matrices.flatMap(({ name, shape }) => {
      const module = name.replace(/\.weight$/, "");
      const norm = module.replace(/(?:attn\.o|(?<=\.output\.)dense)$/, "LayerNorm");
      return [...linearParameters(module, { shape }), ...norm === module ? [] : normParameters(norm, width)];
    }),
    ...linearParameters("classifier.dense", { shape: [width, width], ...ofHead }),
    ...linearParameters("classifier.out_proj", { shape: [head.outputs, width], ...ofHead }),
  ];
}

/** `config.json` of an exported model. */
export function exportedMpnetConfig({ file, num_hidden_layers }: MpnetConfig, head: Head): ConfigFile {
  const { _name_or_path: _, ...rest } = file;
  return { ...rest, architectures: ["MPNetForSequenceClassification"], num_hidden_layers, ...headConfig(head) };
}
