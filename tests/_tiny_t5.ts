/**
 * A tiny T5 in a temporary folder, for runs of whole commands.
 *
 * @module
 */
import { RandomKey } from "@opf/framework";
import { t5 } from "@opf/framework/plugins";
import { writeSafetensors } from "../core/io/safetensors.ts";
import { initialize } from "../core/model/initialize.ts";

const WORDS = ["sst2", "sentence", "The", "film", "plot", "is", "good", "bad", "fine", "poor", "negative", "positive"];
const SPECIAL = ["<pad>", "</s>", "<unk>"];
const PIECES = ["▁", ":", ".", ...WORDS.map((word) => `▁${word}`)];

const CONFIG = {
  model_type: "t5",
  vocab_size: SPECIAL.length + PIECES.length,
  d_model: 32,
  d_kv: 8,
  d_ff: 64,
  num_layers: 1,
  num_heads: 4,
  n_positions: 32,
  dropout_rate: 0,
  decoder_start_token_id: 0,
};

const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
const END = { SpecialToken: { id: "</s>", type_id: 0 } };

/** SentencePiece's unigrams, whole words each. */
export const T5_TOKENIZER = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map((content, id) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  })),
  normalizer: null,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  post_processor: {
    type: "TemplateProcessing",
    single: [sequence("A"), END],
    pair: [sequence("A"), END, sequence("B"), END],
    special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
  },
  decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "Unigram",
    unk_id: 2,
    vocab: [...SPECIAL.map((token) => [token, 0]), ...PIECES.map((piece) => [piece, -2])],
    byte_fallback: false,
  },
};

/** Writes a model folder with random weights. */
export async function writeTinyT5(folder: string): Promise<void> {
  const head = { kind: "classification", outputs: 2, answers: { maxLength: 4 } } as const;
  const { parameters, initializerRange: width } = t5({ source: folder }).architecture(CONFIG, head);
  const tensors = parameters.filter(({ tiedTo }) => tiedTo === undefined).map((parameter) => {
    const value = initialize(parameter, { key: RandomKey.of(7).fold(parameter.name), width });
    const stored = { shape: value.shape, values: value.dataSync() as Float32Array };
    value.dispose();
    return [parameter.name, stored] as const;
  });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(CONFIG));
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(T5_TOKENIZER));
  await writeSafetensors(`${folder}/model.safetensors`, new Map(tensors));
}
