/**
 * A tiny T5 in a temporary folder, for runs of whole commands.
 *
 * @module
 */
import { RandomKey } from "@opf/framework";
import { t5 } from "@opf/framework/plugins";
import { writeSafetensors } from "../core/io/safetensors.ts";
import { unigramTokenizer } from "../tasks/practice/_t5.ts";
import { initialValues } from "./_initial_tensors.ts";

const WORDS = ["sst2", "sentence", "The", "film", "plot", "is", "good", "bad", "fine", "poor", "negative", "positive"];
const PIECES = ["▁", ":", ".", ...WORDS.map((word) => `▁${word}`)];

/** Whole words each. */
export const T5_TOKENIZER = unigramTokenizer(PIECES.map((piece) => [piece, -2]));

const CONFIG = {
  model_type: "t5",
  vocab_size: T5_TOKENIZER.model.vocab.length,
  d_model: 32,
  d_kv: 8,
  d_ff: 64,
  num_layers: 1,
  num_heads: 4,
  n_positions: 32,
  dropout_rate: 0,
  decoder_start_token_id: 0,
};

/** Writes a model folder with random weights. */
export async function writeTinyT5(folder: string): Promise<void> {
  const head = { kind: "classification", outputs: 2, answers: { maxLength: 4 } } as const;
  const architecture = t5({ source: folder }).architecture(CONFIG, head);
  const tensors = initialValues(architecture, { key: RandomKey.of(7), width: architecture.initializerRange });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(CONFIG));
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(T5_TOKENIZER));
  await writeSafetensors(`${folder}/model.safetensors`, tensors);
}
