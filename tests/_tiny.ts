/**
 * A tiny BERT and tiny data in a temporary folder: what runs of whole commands work on.
 *
 * @module
 */
import { RandomKey } from "@opf/framework";
import { writeSafetensors } from "../core/io/safetensors.ts";
import { bert } from "@opf/framework/plugins";
import { initialValues } from "./_initial_tensors.ts";

const WORDS = [
  "good",
  "bad",
  "film",
  "plot",
  "the",
  "a",
  "is",
  "was",
  "not",
  "very",
  "fine",
  "poor",
  "##s",
  "##ly",
  ".",
];
export const VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS];

export const CONFIG = {
  model_type: "bert",
  vocab_size: VOCABULARY.length,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 32,
  type_vocab_size: 2,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
};

const special = (content: string) => ({
  id: VOCABULARY.indexOf(content),
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});
const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });

export const TOKENIZER = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: VOCABULARY.slice(0, 5).map(special),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [token("[CLS]", 0), sequence("A", 0), token("[SEP]", 0)],
    pair: [token("[CLS]", 0), sequence("A", 0), token("[SEP]", 0), sequence("B", 1), token("[SEP]", 1)],
    special_tokens: Object.fromEntries(
      ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [VOCABULARY.indexOf(id)], tokens: [id] }]),
    ),
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
  },
};

/** Writes a model folder with random weights, as a base model's file has them: without the `bert.` prefix. */
export async function writeTinyModel(folder: string, change: Partial<typeof CONFIG> = {}): Promise<void> {
  const config = { ...CONFIG, ...change };
  const architecture = bert({ source: folder }).architecture(config, { kind: "classification", outputs: 2 });
  const parameters = architecture.parameters.filter(({ ifMissing }) => ifMissing !== "head");
  const values = initialValues({ parameters }, { key: RandomKey.of(7), width: 0.2 });
  const tensors = values.entries().map(([name, tensor]) => [name.replace(/^bert\./, ""), tensor] as const);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(TOKENIZER));
  await Deno.writeTextFile(
    `${folder}/tokenizer_config.json`,
    JSON.stringify({ model_max_length: 32, do_lower_case: true }),
  );
  await writeSafetensors(`${folder}/model.safetensors`, new Map(tensors));
}

/** Writes SST-2-like and STS-B-like data: a sentence is good or bad by its words. */
export async function writeTinyData(folder: string, { train = 48, dev = 20 } = {}): Promise<void> {
  const key = RandomKey.of(3);
  const line = (split: string, index: number) => {
    const [a, b, c] = key.fold(split).fold(index).bits(3) as unknown as [number, number, number];
    const good = a % 2;
    const adjective = (good ? ["good", "fine"] : ["bad", "poor"])[b % 2]!;
    const first = `The ${["film", "plot"][c % 2]} is ${adjective}.`;
    return { good, first };
  };
  const write = async (task: string, split: string, rows: readonly string[]) => {
    await Deno.mkdir(`${folder}/${task}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${task}/${split}.tsv`, rows.join("\n") + "\n");
  };
  for (const [split, count] of [["train", train], ["dev", dev]] as const) {
    const rows = Array.from({ length: count }, (_, index) => line(split, index));
    await write("sst2", split, [
      "idx\tsentence1\tlabel",
      ...rows.map(({ first, good }, at) => `${at}\t${first}\t${good}`),
    ]);
    await write("stsb", split, [
      "idx\tsentence1\tsentence2\tlabel",
      ...rows.map(({ first, good }, at) =>
        `${at}\t${first}\tA very good film.\t${(1 + 3 * good + at % 2 / 2).toFixed(3)}`
      ),
    ]);
  }
}
