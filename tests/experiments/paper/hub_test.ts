// Together: experiments/paper/ and plugins/sources/hub.ts, against a loopback server.
import type { Architecture, Json, LanguageModel } from "@opf/framework";
import { bart, bert, knownConfigs, t5 } from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../core/results/result.ts";
import {
  BART_BASE,
  BART_LARGE,
  BERT_SMALL,
  type PaperModel,
  T5_BASE,
  T5_LARGE,
} from "../../../experiments/paper/_methods.ts";
import { PINNED_REVISIONS } from "../../../plugins/sources/_pinned_revisions.ts";
import { inFolder } from "../../_place.ts";
import { T5_TOKENIZER } from "../../_tiny_t5.ts";
import { run } from "../../core/cli/_command.ts";
import { fakeHub, type FakeRepository } from "../../plugins/sources/_fake_hub.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const DATASET = "nyu-mll/glue";
const HEAD = { kind: "classification", outputs: 2 } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(new URL(path, FIXTURES)));

/** Weights as F16: the scales of norms are 1, all else ±(1/64 … 1/32), at random; names without the prefix of a task's model. */
function randomWeights({ parameters }: Architecture, prefix: string): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  let end = 0;
  const stored = parameters.filter(({ ifMissing, tiedTo }) => ifMissing !== "head" && tiedTo === undefined);
  const places = stored.map(({ name, shape }) => {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    header[name.startsWith(prefix) ? name.slice(prefix.length) : name] = {
      dtype: "F16",
      shape,
      data_offsets: [begin, end],
    };
    return { name, begin: begin / 2, end: end / 2 };
  });
  const text = bytes(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  const values = new Uint16Array(end / 2);
  let state = 1;
  for (const { name, begin, end } of places) {
    for (let at = begin; at < end; at++) {
      state = Math.imul(state, 1664525) + 1013904223 | 0;
      values[at] = /layer_?norm\w*\.weight$/i.test(name) ? 0x3c00 : (state >>> 16 & 0x83ff) | 9 << 10;
    }
  }
  file.set(new Uint8Array(values.buffer), 8 + text.length);
  return file;
}

type Files = FakeRepository["files"];

/** What the hub has of a model: random weights for a config, and the model's tokenizer. */
const filesOf = (
  model: LanguageModel,
  config: { readonly [key: string]: Json },
  { prefix, tokenizer }: { readonly prefix: string; readonly tokenizer: Record<string, string> },
): Files => ({
  "config.json": bytes(JSON.stringify(config)),
  "model.safetensors": randomWeights(
    model.architecture(config, { ...HEAD, ...(config.model_type === "t5" && { answers: { maxLength: 8 } }) }),
    prefix,
  ),
  ...Object.fromEntries(Object.entries(tokenizer).map(([name, text]) => [name, bytes(text)])),
});

/** BERT-small as it is on the hub: no tokenizer but its vocabulary. */
async function bertSmall(): Promise<Files> {
  const { source } = BERT_SMALL;
  const { model: { vocab } } = await readJson("minilm/tokenizer.json");
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const tokenizer = { "vocab.txt": tokens.join("\n") + "\n" };
  return filesOf(bert({ source }), knownConfigs[source]!, { prefix: "bert.", tokenizer });
}

/** A T5 of one layer per stack and few tokens, its matrices as large as those of the paper. */
function t5Files({ source }: PaperModel): Files {
  const { model, ...rest } = T5_TOKENIZER;
  const vocab = [...model.vocab, ["▁entailment", -2], ["▁not_entailment", -2]];
  const config = { ...knownConfigs[source]!, vocab_size: vocab.length, num_layers: 1, num_decoder_layers: 1 };
  const tokenizer = { "tokenizer.json": JSON.stringify({ ...rest, model: { ...model, vocab } }) };
  return filesOf(t5({ source }), config, { prefix: "", tokenizer });
}

/** The same of a BART. */
async function bartFiles({ source }: PaperModel): Promise<Files> {
  const repositories = await readJson("tokenizer_files.json");
  const { files, size } = repositories.find(({ name }: { name: string }) => name === "vocab.json and merges.txt");
  const config = { ...knownConfigs[source]!, vocab_size: size, encoder_layers: 1, decoder_layers: 1 };
  const tokenizer = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, typeof file === "string" ? file : JSON.stringify(file)]),
  );
  return filesOf(bart({ source }), config, { prefix: "model.", tokenizer });
}

async function dataset(): Promise<FakeRepository> {
  const rows = await Deno.readFile(new URL("glue/rte/train-00000-of-00001.parquet", FIXTURES));
  return {
    commit: PINNED_REVISIONS[`dataset ${DATASET}`]!,
    files: Object.fromEntries(["train", "validation"].map((set) => [`rte/${set}-00000-of-00001.parquet`, rows])),
  };
}

/** A server of models by name, and of the dataset. */
const serve = async (models: Readonly<Record<string, Files>>) =>
  fakeHub({
    ...Object.fromEntries(
      Object.entries(models).map(([name, files], index) => [
        `models/${name}`,
        { commit: PINNED_REVISIONS[`model ${name}`] ?? String(index + 1).repeat(40), files },
      ]),
    ),
    [`datasets/${DATASET}`]: await dataset(),
  });

// As short as can be: two steps, one matrix of each group between them.
const SHORT = [
  "training.maxSteps=2",
  "training.epochs=1",
  "training.warmupSteps=1",
  "training.batchSize=2",
  "training.maxLength=16",
  "training.keep=last",
  "parameters.n=1",
];

const environment = ({ endpoint }: { readonly endpoint: string }, folder: string) => ({
  HF_ENDPOINT: endpoint,
  HF_HUB_CACHE: `${folder}/hub`,
  HF_HUB_OFFLINE: "",
});

/** The dynamic strategy of an experiment on RTE, in two steps. */
async function start(
  experiment: string,
  models: Readonly<Record<string, Files>>,
  settings: readonly string[] = [],
): Promise<Result> {
  await using server = await serve(models);
  const set = [...SHORT, ...settings].flatMap((setting) => ["--set", setting]);
  let result!: Result;
  await inFolder(async (folder) => {
    const words = ["reproduce", experiment, "--tasks", "rte", "--seeds", "1", ...set];
    const command = [...words, "--methods", "OPF-MPO dynamic", "--runs", "runs", "--json"];
    const { code, out, err } = await run(command, folder, { env: environment(server, folder) });
    assertEquals(code, 0, err);
    [result] = JSON.parse(out).results as [Result];
  });
  return result;
}

Deno.test("the paper's experiments start from the hub: BERT-small's shapes, a bare vocabulary, Parquet", async () => {
  const result = await start("paper/table1-bert-small", { [BERT_SMALL.source]: await bertSmall() });
  assertEquals([result.status, result.model], ["done", BERT_SMALL.source]);
  assertEquals(result.selected.map(({ step }) => step), [1, 1]);
  // 28.76 M, and ten more square tensors for an FFN and an attention matrix each.
  assertEquals(result.parameters.merged, 28_764_674);
  assertEquals(result.parameters.training - result.parameters.merged, 10 * (1024 ** 2 + 512 ** 2));
});

// Tensors of an FFN and an attention matrix, 11 as in the paper, or 2, in place of the matrices themselves.
const OF_768 = { tensors: 11, added: 15_630_336 - 3072 * 768 + 3_907_584 - 768 ** 2 };
const OF_1024 = { tensors: 2, added: 8_388_608 - 4096 * 1024 + 2_097_152 - 1024 ** 2 };

for (
  const [title, model, { tensors, added }] of [
    ["t5-base", T5_BASE, OF_768],
    ["t5-large", T5_LARGE, OF_1024],
    ["bart-base", BART_BASE, OF_768],
    ["bart-large", BART_LARGE, OF_1024],
  ] as const
) {
  Deno.test(`table 2 starts from the hub: ${title}, its matrices of full size`, async () => {
    const files = title.startsWith("t5") ? t5Files(model) : await bartFiles(model);
    const result = await start(`paper/table2-${title}`, { [model.source]: files }, [`parameters.tensors=${tensors}`]);
    assertEquals([result.status, result.model], ["done", model.source]);
    assertEquals(result.selected.length, 2);
    assertEquals(result.parameters.training - result.parameters.merged, added);
  });
}

Deno.test("a model on the hub that is only a pickle is refused, with how to convert it", () =>
  inFolder(async (folder) => {
    const pickle = {
      "config.json": bytes(JSON.stringify(knownConfigs[BERT_SMALL.source])),
      "pytorch_model.bin": bytes("no pickle either"),
    };
    await using server = await serve({ "google/only-a-pickle": pickle });
    const words = ["reproduce", "paper/table1-bert-small", "--tasks", "rte", "--models", "google/only-a-pickle"];
    const { code, err } = await run(words, folder, { env: environment(server, folder) });
    assertEquals(code, 2);
    assertStringIncludes(err, "safe_serialization=True");
  }));
