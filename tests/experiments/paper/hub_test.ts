// Together: experiments/paper/ and plugins/sources/hub.ts, against a loopback server.
import { bert, hub, knownConfigs } from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../core/results/result.ts";
import { BERT_SMALL } from "../../../experiments/paper/_methods.ts";
import { inFolder } from "../../_place.ts";
import { run } from "../../core/cli/_command.ts";
import { fakeHub, type FakeRepository } from "../../plugins/sources/_fake_hub.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
// The default commit of the dataset.
const COMMIT = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c";
const bytes = (text: string) => new TextEncoder().encode(text);

/** Weights of the model's own shapes as F16: the scales of LayerNorm are 1, all else ±(1/64 … 1/32), at random. */
function randomWeights(source: string): Uint8Array<ArrayBuffer> {
  const { parameters } = bert({ source }).architecture(knownConfigs[source]!, { kind: "classification", outputs: 2 });
  const header: Record<string, unknown> = {};
  let end = 0;
  const places = parameters.filter(({ ifMissing }) => ifMissing !== "head").map(({ name, shape }) => {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    header[name.replace(/^bert\./, "")] = { dtype: "F16", shape, data_offsets: [begin, end] };
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
      values[at] = name.endsWith("LayerNorm.weight") ? 0x3c00 : (state >>> 16 & 0x83ff) | 9 << 10;
    }
  }
  file.set(new Uint8Array(values.buffer), 8 + text.length);
  return file;
}

/** The hub as the paper's BERT-small stands there: no tokenizer but its vocabulary. */
async function repositories(): Promise<Record<string, FakeRepository>> {
  const { model: { vocab } } = JSON.parse(await Deno.readTextFile(new URL("minilm/tokenizer.json", FIXTURES)));
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const rows = await Deno.readFile(new URL("glue/rte/train-00000-of-00001.parquet", FIXTURES));
  return {
    [`models/${BERT_SMALL.source}`]: {
      commit: "1".repeat(40),
      files: {
        "config.json": bytes(JSON.stringify(knownConfigs[BERT_SMALL.source])),
        "vocab.txt": bytes(tokens.join("\n") + "\n"),
        "model.safetensors": randomWeights(BERT_SMALL.source),
      },
    },
    "models/google/only-a-pickle": {
      commit: "2".repeat(40),
      files: {
        "config.json": bytes(JSON.stringify(knownConfigs[BERT_SMALL.source])),
        "pytorch_model.bin": bytes("no pickle either"),
      },
    },
    "datasets/nyu-mll/glue": {
      commit: COMMIT,
      files: Object.fromEntries(["train", "validation"].map((set) => [`rte/${set}-00000-of-00001.parquet`, rows])),
    },
  };
}

Deno.test("the paper's experiments start from the hub: BERT-small's shapes, a bare vocabulary, Parquet", () =>
  inFolder(async (folder) => {
    await using server = fakeHub(await repositories());
    const env = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: `${folder}/hub`, HF_HUB_OFFLINE: "" };
    // As short as can be: two steps, one matrix of each group between them.
    const short = [
      "training.maxSteps=2",
      "training.epochs=1",
      "training.warmupSteps=1",
      "training.batchSize=2",
      "training.maxLength=16",
      "training.keep=last",
      "parameters.n=1",
    ].flatMap((setting) => ["--set", setting]);
    const words = ["paper/table1-bert-small", "--tasks", "rte", "--seeds", "1", ...short];
    const command = ["reproduce", ...words, "--methods", "OPF-MPO dynamic", "--runs", "runs", "--json"];
    const { code, out, err } = await run(command, folder, { env });
    assertEquals(code, 0, err);
    const [result] = JSON.parse(out).results as [Result];
    assertEquals([result.status, result.model], ["done", BERT_SMALL.source]);
    assertEquals(result.selected.map(({ step }) => step), [1, 1]);
    // 28.76 M, and ten more square tensors for an FFN and an attention matrix each.
    assertEquals(result.parameters.merged, 28_764_674);
    assertEquals(result.parameters.training - result.parameters.merged, 10 * (1024 ** 2 + 512 ** 2));

    const pickle = await run(["reproduce", ...words, "--models", "google/only-a-pickle"], folder, { env });
    assertEquals(pickle.code, 2);
    assertStringIncludes(pickle.err, "safe_serialization=True");
  }));

Deno.test("the hub's dataset is requested at the commit that this test serves", async () => {
  await using server = fakeHub({});
  await inFolder(async (cache) => {
    const found = await hub({ endpoint: server.endpoint, cache }).open({ kind: "dataset", id: "nyu-mll/glue" });
    assertStringIncludes((found as { missing: string }).missing, COMMIT);
  });
});
