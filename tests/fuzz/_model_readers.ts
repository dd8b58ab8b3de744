/**
 * Readers of models: configs, and weights in several files.
 *
 * @module
 */
import { type Head, type Json } from "@opf/framework";
import { bart, bert, mpnet, t5 } from "@opf/framework/plugins";
import { dirname, join } from "node:path";
import { readJsonObject } from "../../core/io/json_file.ts";
import { openWeights } from "../../core/model/weights_file.ts";
import { CONFIG } from "../_tiny.ts";
import { decode, expectHeld, expectKeysOnce, expectSame, jsonFile } from "./_expect.ts";
import { Contradiction, type FileReader } from "./_fuzz.ts";
import { tensorFile } from "./_seeds.ts";

const CONFIGS = {
  bert: {
    ...CONFIG,
    id2label: { 0: "no", 1: "yes" },
    label2id: { no: 0, yes: 1 },
    layer_norm_eps: 1e-12,
    hidden_act: "gelu",
  },
  mpnet: {
    model_type: "mpnet",
    vocab_size: 50,
    hidden_size: 24,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    intermediate_size: 40,
    max_position_embeddings: 22,
    relative_attention_num_buckets: 32,
    layer_norm_eps: 1e-12,
    pad_token_id: 1,
  },
  bart: {
    model_type: "bart",
    vocab_size: 50,
    d_model: 24,
    encoder_layers: 2,
    decoder_layers: 3,
    encoder_attention_heads: 4,
    decoder_attention_heads: 2,
    encoder_ffn_dim: 40,
    decoder_ffn_dim: 32,
    max_position_embeddings: 20,
    dropout: 0.1,
    activation_function: "gelu",
    decoder_start_token_id: 2,
    eos_token_id: 2,
  },
  t5: {
    model_type: "t5",
    vocab_size: 50,
    d_model: 24,
    d_kv: 6,
    d_ff: 40,
    num_layers: 2,
    num_decoder_layers: 3,
    num_heads: 4,
    relative_attention_num_buckets: 8,
    relative_attention_max_distance: 12,
    feed_forward_proj: "gated-gelu",
    tie_word_embeddings: false,
    decoder_start_token_id: 0,
    layer_norm_epsilon: 1e-6,
  },
};
const MODELS = { bert, mpnet, bart, t5 };

export const configs: FileReader = {
  name: "config.json",
  seeds: Object.values(CONFIGS).map((config) => jsonFile("config.json", config)),
  async read(path, bytes) {
    const config = await readJsonObject(path) as { readonly [key: string]: Json };
    expectKeysOnce(decode(bytes));
    const model = Object.hasOwn(MODELS, String(config.model_type)) ? config.model_type as keyof typeof MODELS : "bert";
    const plugin = MODELS[model]({ source: "a folder" });
    const head: Head = {
      kind: "classification",
      outputs: 2,
      labels: ["no", "yes"],
      ...model === "t5" && { answers: { maxLength: 4 } },
    };
    const { parameters, config: exported, maxLength } = plugin.architecture(config, head);
    for (const { name, shape } of parameters) {
      if (!shape.every((axis) => Number.isSafeInteger(axis) && axis > 0)) throw new Contradiction(`${name} [${shape}]`);
    }
    const again = plugin.architecture(exported, head);
    expectSame("maxLength", again.maxLength, maxLength);
    const shapes = (list: typeof parameters) => JSON.stringify(list.map(({ name, shape }) => [name, shape]));
    expectSame("parameters of the export", shapes(again.parameters), shapes(parameters));
    return undefined;
  },
};

const SHARD = tensorFile("model-00001-of-00001.safetensors");
const WEIGHT_MAP = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, SHARD.name]));

export const weightsIndex: FileReader = {
  name: "weights index",
  seeds: [jsonFile("model.safetensors.index.json", { metadata: { total_size: 56 }, weight_map: WEIGHT_MAP })],
  async read(path, bytes) {
    const folder = dirname(path);
    await Deno.writeFile(join(folder, SHARD.name), SHARD.bytes);
    const names = [SHARD.name, "model.safetensors.index.json"];
    const weights = await openWeights({
      origin: { folder },
      file: (name) => Promise.resolve(names.includes(name) ? join(folder, name) : undefined),
    });
    const { entries } = await weights.read();
    expectKeysOnce(decode(bytes));
    expectHeld(
      Object.fromEntries(entries.keys().map((name) => [name, SHARD.name])),
      JSON.parse(decode(bytes)).weight_map,
    );
    expectSame("tensors", entries.size, 4);
    return undefined;
  },
};
