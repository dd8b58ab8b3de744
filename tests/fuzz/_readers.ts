/**
 * Everything that reads files which others wrote, with small valid files of each kind.
 *
 * @module
 */
import { defineExperiment, type Head, type Json, loadTokenizer, type Repository, RequestError } from "@opf/framework";
import { bart, bert, mpnet, t5 } from "@opf/framework/plugins";
import { rte, sst2 } from "@opf/framework/tasks";
import { basename, dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { ExperimentGrid } from "../../core/experiment/grid.ts";
import { readJsonObject } from "../../core/io/json_file.ts";
import { readSafetensors } from "../../core/io/safetensors.ts";
import { readManifestFile } from "../../core/results/manifest.ts";
import { readPredictions } from "../../core/results/predictions.ts";
import { readResult } from "../../core/results/result.ts";
import { RunCheckpoint } from "../../core/run/checkpoint_file.ts";
import { bertTokenizer } from "../../plugins/models/_bert_tokenizer.ts";
import { extractWheel } from "../../plugins/_wheel_archive.ts";
import { readParquet } from "../../tasks/_parquet.ts";
import { readTsv } from "../../tasks/_tsv.ts";
import { madeUpPredictions, madeUpResult, madeUpRuns } from "../core/report/_made_up.ts";
import { CONFIG, TOKENIZER, VOCABULARY } from "../_tiny.ts";
import { Contradiction, type FileReader } from "./_fuzz.ts";
import { type SeedFile } from "./_mutate.ts";
import { checkpointFile, TENSOR_BYTES, tensorFile, wheelFile } from "./_seeds.ts";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const json = (name: string, value: unknown, jsonOnly = false): SeedFile => ({
  name,
  bytes: encode(JSON.stringify(value)),
  json: { read: decode, write: encode },
  jsonOnly,
});

function expectSame(what: string, read: unknown, held: unknown): void {
  if (Object.is(read, held)) return;
  throw new Contradiction(`${what}: read ${Deno.inspect(read)}, the file holds ${Deno.inspect(held)}`);
}

// All that was read stands in the file; JSON's null may be read as NaN, and some fields have defaults.
function expectHeld(read: unknown, held: unknown, place = ""): void {
  if (typeof read !== "object" || read === null) {
    if (!(Number.isNaN(read) && held === null)) expectSame(place, read, held);
    return;
  }
  if (place === "") JSON.stringify(read); // can be written again
  for (const [key, value] of Object.entries(read)) {
    if (value === undefined || (["resultsVersion", "notes"].includes(key) && !Object.hasOwn(held as object, key))) {
      continue;
    }
    expectHeld(value, (held as { [key: string]: unknown } | undefined)?.[key], `${place}.${key}`);
  }
  if (Array.isArray(read)) expectSame(`${place}.length`, read.length, (held as unknown[]).length);
}

// --- safetensors -----------------------------------------------------------------------------------------------------

const decoders: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  F32: (view, at) => view.getFloat32(4 * at, true),
  F16: (view, at) => view.getFloat16(2 * at, true),
  I32: (view, at) => view.getInt32(4 * at, true),
  I64: (view, at) => Number(view.getBigInt64(8 * at, true)),
};

const safetensors: FileReader = {
  name: "safetensors",
  seeds: [tensorFile("model.safetensors")],
  async read(path, bytes) {
    const file = await readSafetensors(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(decode(bytes.subarray(8, 8 + length)));
    const ends = [...file.entries].map(([name]) => header[name].data_offsets as [number, number]).sort(([a], [b]) =>
      a - b
    );
    ends.reduce((end, [from, to]) => (expectSame("offsets", from, end), to), 0);
    for (const [name, { dtype, shape }] of file.entries) {
      const { values } = file.tensor(name);
      const [from, to] = header[name].data_offsets;
      const view = new DataView(bytes.buffer, 8 + length + from, to - from);
      expectSame(`${name}.length`, values.length, shape.reduce((product, axis) => product * axis, 1));
      values.forEach((value, at) => expectSame(`${name}[${at}]`, value, decoders[dtype]!(view, at)));
    }
    return undefined;
  },
};

// --- tables ----------------------------------------------------------------------------------------------------------

const TSV = "idx\tsentence1\tsentence2\tlabel\n" +
  Array.from({ length: 6 }, (_, at) => `${at}\tA cat ${at} sat.\tAn "animal" – 漢字.\t${at % 2}\n`).join("");
const COLUMNS = { columns: [["sentence1"], ["sentence2"], ["label"]], number: "idx" };

const tsv: FileReader = {
  name: "tsv",
  seeds: [{ name: "train.tsv", bytes: encode(TSV) }, { name: "train.tsv.gz", bytes: new Uint8Array(gzipSync(TSV)) }],
  async read(path, bytes) {
    const rows = await readTsv(path, COLUMNS);
    const lines = decode(path.endsWith(".gz") ? gunzipSync(bytes) : bytes).split("\n").map((line) =>
      line.replace(/\r$/, "")
    );
    while (lines.at(-1) === "") lines.pop();
    const names = lines[0]!.split("\t");
    expectSame("rows", rows.length, lines.length - 1);
    rows.forEach(({ fields, number }, row) => {
      const cells = lines[row + 1]!.split("\t");
      COLUMNS.columns.forEach(([name], at) => expectSame(`row ${row}`, fields[at], cells[names.indexOf(name!)]));
      const index = names.indexOf("idx");
      expectSame(`row ${row}`, number, index < 0 ? row : Number(cells[index]));
    });
    return undefined;
  },
};

const parquet = (bytes: Uint8Array<ArrayBuffer>): FileReader => ({
  name: "parquet",
  seeds: [{ name: "train-00000-of-00001.parquet", bytes }],
  async read(path) {
    const rows = await readParquet(path, COLUMNS);
    expectSame("distinct", new Set(rows.map(({ number }) => number)).size, rows.length);
    for (const { fields } of rows) for (const field of fields) expectSame("a field", typeof field, "string");
    return undefined;
  },
});

// --- tokenizers ------------------------------------------------------------------------------------------------------

const { model: wordPiece, ...others } = TOKENIZER;
const TOKENIZER_FILES = {
  "tokenizer.json": TOKENIZER,
  "tokenizer_config.json": {
    tokenizer_class: "BertTokenizer",
    do_lower_case: true,
    truncation_side: "right",
    model_input_names: ["input_ids", "token_type_ids"],
    added_tokens_decoder: { "20": { content: "<new>", special: true, lstrip: true } },
  },
  "special_tokens_map.json": {
    cls_token: "[CLS]",
    sep_token: { content: "[SEP]" },
    additional_special_tokens: ["<a>"],
  },
  "added_tokens.json": { "<b>": 20 },
};
const WORD_LEVEL = {
  ...others,
  normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
  pre_tokenizer: { type: "Split", pattern: { Regex: "\\s+" }, behavior: "Removed", invert: false },
  model: { type: "WordLevel", vocab: wordPiece.vocab, unk_token: "[UNK]" },
};
const BPE = {
  ...others,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "BPE",
    unk_token: "[UNK]",
    vocab: Object.fromEntries(
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁", "a", "f", "i", "fi", "▁a"].map((t, id) => [t, id]),
    ),
    merges: ["f i", ["▁", "a"]],
  },
};
const UNIGRAM = {
  ...others,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "Unigram",
    unk_id: 1,
    vocab: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁", "a", "fi", "film"].map((token, id) => [token, -id]),
  },
};

async function readTokenizer(files: { readonly [name: string]: string }): Promise<undefined> {
  const repository: Repository = { origin: { folder: "a folder" }, file: (name) => Promise.resolve(files[name]) };
  const tokenizer = await loadTokenizer(repository, { tokenizerClass: bertTokenizer });
  for (const texts of [["The film is good <b> [SEP]."], ["a very film", "the plots, fi\u0301ne"], [""]] as const) {
    const maxLength = 12;
    const { ids, tokenTypeIds } = tokenizer.encode(texts as [string], maxLength);
    expectSame("token types", tokenTypeIds.length, ids.length);
    if (ids.length > maxLength) throw new Contradiction(`expected ${maxLength} tokens, got ${ids.length}`);
    const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize;
    const wrong = [...ids, tokenizer.padId].find((id) => !isId(id));
    if (wrong !== undefined) throw new Contradiction(`expected ids below ${tokenizer.vocabularySize}, got ${wrong}`);
  }
  return undefined;
}

const tokenizerJson: FileReader = {
  name: "tokenizer.json",
  seeds: [
    json("tokenizer.json", TOKENIZER),
    json("tokenizer.json", WORD_LEVEL),
    json("tokenizer.json", BPE),
    json("tokenizer.json", UNIGRAM),
    ...Object.entries(TOKENIZER_FILES).slice(1).map(([name, value]) => json(name, value)),
  ],
  names: /(token|config|map)\w*\.json|^Encoding a text/,
  async read(path) {
    const whole = join(dirname(path), "whole-tokenizer.json");
    await Deno.writeTextFile(whole, JSON.stringify(TOKENIZER));
    return await readTokenizer({ "tokenizer.json": whole, [basename(path)]: path });
  },
};

const vocabulary: FileReader = {
  name: "vocab.txt",
  seeds: [{ name: "vocab.txt", bytes: encode(VOCABULARY.join("\n") + "\n") }],
  read: (path) => readTokenizer({ "vocab.txt": path }),
};

// --- configs ---------------------------------------------------------------------------------------------------------

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

const configs: FileReader = {
  name: "config.json",
  seeds: Object.values(CONFIGS).map((config) => json("config.json", config)),
  async read(path) {
    const config = await readJsonObject(path) as { readonly [key: string]: Json };
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

// --- declarations ----------------------------------------------------------------------------------------------------

const DECLARATION = {
  name: "mine/first",
  description: "An experiment",
  models: ["a folder", "another"],
  tasks: ["rte", "sst2"],
  seeds: [1, 2, 3],
  training: { learningRate: 1e-4, epochs: 2, train: ["*.weight"], keep: "best" },
  parameters: { tensors: 5, name: "x" },
  methods: { "fine-tuning": {}, "slower": { training: { learningRate: 1e-5 } } },
  sweep: { "parameters.tensors": [2, 5], "training.learningRate": [1e-4, 1e-5] },
  tune: { "training.learningRate": [1e-4, 1e-5] },
  tuningSeeds: [101],
  checkpoint: { everySeconds: 60 },
  baseline: "fine-tuning",
  contrasts: [["slower", "fine-tuning"]],
  published: { source: "a paper", rows: [{ method: "fine-tuning", values: { rte: 60.5 }, average: 60.5 }] },
  notes: ["a note"],
  workers: { jobs: 2 },
};

const TASKS = { rte, sst2 };

const declarations: FileReader = {
  name: "declarations",
  seeds: [json("declaration.json", DECLARATION, true)],
  names: /./, // errors name the experiment and the path in it, or what of the command line they are of
  async read(path) {
    let definition: unknown;
    try {
      definition = JSON.parse(await Deno.readTextFile(path));
    } catch {
      throw new RequestError("A declaration is a value of the program: it has no text to be damaged.");
    }
    const experiment = defineExperiment(definition as Parameters<typeof defineExperiment>[0]);
    const grid = new ExperimentGrid(experiment, {}, { tasks: TASKS });
    const places = grid.coordinates.slice(0, 12);
    const labels = places.map((place) => grid.specAt(place)).map(({ model, task, label, seed, training }) => {
      if (!(training.learningRate >= 0 && training.epochs >= 1)) throw new Contradiction(`training of ${label}`);
      return JSON.stringify([model, task.name, label, seed]);
    });
    expectSame("distinct runs", new Set(labels).size, labels.length);
    return undefined;
  },
};

// --- files of runs ---------------------------------------------------------------------------------------------------

const [RUN, OTHER] = madeUpRuns({ skills: { "OPF-MPO static": 0.8 }, seeds: [1, 2] }) as [
  ReturnType<typeof madeUpRuns>[number],
  ReturnType<typeof madeUpRuns>[number],
];
const ranked = { step: 1, score: "taylor", ranking: [["a", 1], ["b", 0.5]] };

const results: FileReader = {
  name: "results",
  seeds: [
    json("result.json", { ...madeUpResult(RUN), rankings: [ranked], files: { "predictions.jsonl": "0".repeat(64) } }),
    json("result.json", { ...madeUpResult(OTHER), status: "failed", error: "no memory", diverged: true, metrics: {} }),
  ],
  async read(path, bytes) {
    const id = decode(bytes).includes(`"id":"${OTHER.id}"`) ? OTHER.id : RUN.id;
    expectHeld(await readResult(dirname(path), id), JSON.parse(decode(bytes)));
    return undefined;
  },
};

const manifests: FileReader = {
  name: "manifests",
  seeds: [json("experiment.json", {
    experiment: "e",
    declaration: {
      file: "paper/first",
      sha256: "0a".repeat(32),
      modules: [],
      changes: { tasks: ["rte"], seeds: [1], set: ["training.epochs=1"] },
    },
    description: "An experiment",
    published: { source: "a paper", notes: [], rows: [{ method: "fine-tuning", values: { rte: 60.5 } }] },
    baseline: "fine-tuning",
    contrasts: [["a", "b"]],
    tuned: [{
      model: "m",
      task: "rte",
      method: "a",
      chosen: { "training.learningRate": 1 },
      atEdge: [],
      tried: [{ values: { "training.learningRate": 1 }, mean: 0.5 }],
    }],
    grounds: [{ task: "rte", primary: "accuracy", majority: 0.5, runs: [{ id: "r-1", seed: 1 }] }],
    runs: [RUN, OTHER].map(({ id, model, task, method, seed, base }) => ({
      id,
      model,
      task,
      method,
      seed,
      base,
      point: { x: 1 },
    })),
  })],
  async read(path, bytes) {
    expectHeld(await readManifestFile(path), JSON.parse(decode(bytes)));
    return undefined;
  },
};

const PREDICTIONS = madeUpPredictions({ ...RUN, examples: 6 }).map((one) => ({
  ...one,
  logits: [0.5, -0.5],
  text: "yes",
}));

const predictions: FileReader = {
  name: "predictions",
  seeds: [{
    name: "predictions.jsonl",
    bytes: encode(PREDICTIONS.map((line) => JSON.stringify(line) + "\n").join("")),
    json: {
      read: (bytes) => `[${decode(bytes).trimEnd().split("\n").join(",")}]`,
      write: (text) => {
        try {
          return encode([JSON.parse(text)].flat().map((line) => JSON.stringify(line) + "\n").join(""));
        } catch {
          return encode(text + "\n");
        }
      },
    },
  }],
  async read(path, bytes) {
    const read = await readPredictions(dirname(path), {});
    // One that is missing altogether is said of the run, not of the file.
    if (typeof read === "string") return read === "a run's predictions are missing" ? `${path}: ${read}` : read;
    const lines = decode(bytes).split("\n").slice(0, -1).map((line) => JSON.parse(line));
    expectHeld(read, lines);
    expectSame("indices", new Set(read.map(({ index }) => index)).size, lines.length);
    return undefined;
  },
};

const checkpoints: FileReader = {
  name: "checkpoints",
  seeds: [checkpointFile("checkpoint.safetensors")],
  async read(path) {
    let message: string | undefined;
    const note = (text: string) => void (message = text);
    const checkpoint = await RunCheckpoint.open(path, {
      id: "r-1",
      steps: 100,
      everySeconds: 60,
      usage: () => ({ seconds: 0, peakBytes: 0, resumedFrom: [] }),
      flush: () => {},
      note,
    });
    if (message !== undefined) return message;
    const state = checkpoint.load();
    if (!state) throw new Contradiction("a checkpoint that is neither resumed nor refused");
    const { step } = state.facts.position;
    if (!(step >= 0 && step <= 100)) throw new Contradiction(`resumed at step ${step}`);
    expectSame("seconds", checkpoint.usage.resumedFrom.at(-1), step);
    const bytes = [...state.tensors.values()].map(({ values }) => new Uint8Array(values.buffer).toHex()).join("");
    expectSame("tensors", bytes, TENSOR_BYTES);
    return undefined;
  },
};

// --- wheels ----------------------------------------------------------------------------------------------------------

const FILES = { "package/library.so": "library ".repeat(20), "package/data.txt": "data" };

const wheels: FileReader = {
  name: "wheels",
  seeds: [{ name: "package-1.0-py3-none-any.whl", bytes: wheelFile(FILES) }],
  async read(path) {
    const target = join(dirname(path), "unpacked");
    await Deno.remove(target, { recursive: true }).catch(() => {});
    await extractWheel(path, target, (entry) => Object.hasOwn(FILES, entry) ? entry : undefined);
    for (const [name, text] of Object.entries(FILES)) {
      const content = await Deno.readTextFile(join(target, name)).catch(() => text); // an entry under another name
      expectSame(name, content, text);
    }
    return undefined;
  },
};

/** All of them. */
export async function readers(): Promise<FileReader[]> {
  const file = new URL("../fixtures/glue/rte/train-00000-of-00001.parquet", import.meta.url);
  return [
    ...[safetensors, tsv, parquet(await Deno.readFile(file)), tokenizerJson, vocabulary, configs, declarations],
    ...[checkpoints, results, manifests, predictions, wheels],
  ];
}
