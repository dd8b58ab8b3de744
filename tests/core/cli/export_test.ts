import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Prediction } from "../../../core/results/predictions.ts";
import type { Result } from "../../../core/results/result.ts";
import { readSafetensors } from "../../../core/io/safetensors.ts";
import { CONFIG, writeTinyModel } from "../../_tiny.ts";
import { peerPython, runPeer } from "../../_peer_python.ts";
import { inTinyFolder, run } from "./_command.ts";

const keep = (
  task: string,
) => [
  "reproduce",
  "tiny.ts",
  "--data",
  "data",
  "--runs",
  "runs",
  "--tasks",
  task,
  "--methods",
  "OPF-MPO static",
  "--json",
];

/** A base model whose config and tokenizer say much that is not true of an export, and a card with a license. */
async function writeOddModel(folder: string): Promise<void> {
  await writeTinyModel(`${folder}/model`, { vocab_size: CONFIG.vocab_size + 1 });
  const change = async (name: string, more: object) => {
    const path = `${folder}/model/${name}`;
    await Deno.writeTextFile(path, JSON.stringify({ ...JSON.parse(await Deno.readTextFile(path)), ...more }));
  };
  await change("config.json", {
    ...{ num_labels: 3, torch_dtype: "float16", _name_or_path: "/elsewhere", architectures: ["BertForMaskedLM"] },
    ...{
      auto_map: { AutoModel: "code.Model" },
      task_specific_params: { x: 1 },
      hidden_dropout_prob: 0,
      use_cache: true,
    },
  });
  await change("tokenizer_config.json", { auto_map: { AutoTokenizer: ["code.T", null] }, name_or_path: "/elsewhere" });
  await Deno.writeTextFile(`${folder}/model/added_tokens.json`, JSON.stringify({ "<e>": CONFIG.vocab_size }));
  await Deno.writeTextFile(`${folder}/model/README.md`, "---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n");
}

Deno.test("export writes the merged model in Transformers' names, and refuses what it cannot give", () =>
  inTinyFolder(async (folder) => {
    await writeOddModel(folder);
    const bare = await run(keep("sst2"), folder);
    assertEquals(bare.code, 0, bare.err);
    const [{ id }] = JSON.parse(bare.out).results as [Result];
    const none = await run(["export", id, "out", "--runs", "runs"], folder);
    assertEquals(none.code, 2);
    assertStringIncludes(none.err, "--keep-models");
    const kept = await run([...keep("sst2"), "--keep-models"], folder); // repeated, for its model
    assertEquals((JSON.parse(kept.out).results as [Result])[0].id, id);
    const done = await run(["export", `runs/${id}`, "deep/out"], folder);
    assertEquals(done.code, 0, done.err);
    const files = [...Deno.readDirSync(`${folder}/deep/out`)].map(({ name }) => name).toSorted();
    assertEquals(files, [
      ...["README.md", "added_tokens.json", "config.json", "model.safetensors"],
      ...["tokenizer.json", "tokenizer_config.json"],
    ]);
    const json = async (name: string) => JSON.parse(await Deno.readTextFile(`${folder}/deep/out/${name}`));
    assertEquals(await json("config.json"), {
      ...CONFIG,
      ...{ vocab_size: CONFIG.vocab_size + 1, hidden_dropout_prob: 0, use_cache: true },
      ...{ architectures: ["BertForSequenceClassification"], problem_type: "single_label_classification" },
      ...{ dtype: "float32", torch_dtype: "float32" },
      ...{ id2label: { 0: "negative", 1: "positive" }, label2id: { negative: 0, positive: 1 } },
    });
    assertEquals(await json("tokenizer_config.json"), { model_max_length: 32, do_lower_case: true });
    const card = await Deno.readTextFile(`${folder}/deep/out/README.md`);
    const { metrics, parameters } = (JSON.parse(kept.out).results as [Result])[0];
    for (
      const part of [
        ...['\nlicense: "apache-2.0"\n', '\nlanguage: "en"\n', "\nlibrary_name: transformers\n", "`OPF-MPO static`"],
        ...[`    - type: "accuracy"\n      value: ${metrics.accuracy}\n`, `${parameters.merged} parameters`],
        ...['`{"tensors":3', "Selection policy: `static-top`", "seed 1"],
      ]
    ) assertStringIncludes(card, part);
    assert(!card.includes(folder), card); // no place on this machine
    const { entries } = await readSafetensors(`${folder}/deep/out/model.safetensors`);
    assertEquals(entries.get("bert.encoder.layer.1.output.dense.weight")?.shape, [16, 32]);
    assertEquals(entries.get("classifier.weight")?.shape, [2, 16]);
    const again = await run(["export", id, "deep/out", "--runs", "runs"], folder);
    assertEquals(again.code, 2);
    assertStringIncludes(again.err, "exists already");
    const unknown = await run(["export", "0123", "other", "--runs", "runs"], folder);
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.err, "No finished run");
  }));

Deno.test("export --test-predictions writes what GLUE's server takes, from the kept model", () =>
  inTinyFolder(async (folder) => {
    // The dev set without its labels: its predictions are known.
    for (const task of ["sst2", "stsb"]) {
      const dev = Deno.readTextFileSync(`${folder}/data/${task}/dev.tsv`).trimEnd().split("\n");
      const bare = dev.map((line) => line.split("\t").slice(0, -1).join("\t") + "\n").join("");
      await Deno.writeTextFile(`${folder}/data/${task}/test.tsv`, bare);
      const { code, out, err } = await run([...keep(task), "--keep-models"], folder);
      assertEquals(code, 0, err);
      const [{ id }] = JSON.parse(out).results as [Result];
      const words = ["export", id, "handed-in", "--runs", "runs", "--test-predictions"];
      if (task === "sst2") {
        const nowhere = await run([...words, "--data", "nowhere"], folder);
        assertEquals(nowhere.code, 2);
        assertStringIncludes(nowhere.err, "none of sst2/test.tsv");
      }
      const done = await run([...words, "--data", "data"], folder);
      assertEquals(done.code, 0, done.err);
      const file = task === "sst2" ? "SST-2.tsv" : "STS-B.tsv";
      const lines = Deno.readTextFileSync(`${folder}/handed-in/${file}`).split("\n");
      const known = Deno.readTextFileSync(`${folder}/runs/${id}/predictions.jsonl`).trimEnd().split("\n")
        .map((line) => JSON.parse(line) as Prediction);
      assertEquals([lines[0], lines.at(-1), lines.length], ["index\tprediction", "", known.length + 2]);
      known.forEach(({ index, prediction }, at) => {
        const [number, written] = lines[at + 1]!.split("\t").map(Number);
        assertEquals(number, index);
        assert(Math.abs(written! - Math.min(5, Math.max(0, prediction))) <= (task === "sst2" ? 0 : 2e-3));
      });
      const again = await run([...words, "--data", "data"], folder);
      assertEquals(again.code, 2);
      assertStringIncludes(again.err, `${file} exists already`);
    }
  }));

const python = await peerPython();

Deno.test({
  name: `exported models give Transformers' logits${python ? "" : " (skipped: no Python with torch and transformers)"}`,
  ignore: python === undefined,
  fn: () =>
    inTinyFolder(async (folder) => {
      await writeOddModel(folder);
      for (const task of ["sst2", "stsb"]) {
        const { code, out, err } = await run([...keep(task), "--keep-models"], folder);
        assertEquals(code, 0, err);
        const [{ id }] = JSON.parse(out).results as [Result];
        const lines = Deno.readTextFileSync(`${folder}/data/${task}/dev.tsv`).trimEnd().split("\n").slice(1);
        const texts = lines.map((line) => line.split("\t").slice(1, -1));
        const { logits: theirs, dtype, labels } = await runPeer(python!, {
          script: "exported_logits.py",
          args: [`${folder}/runs/${id}/model`],
          input: texts,
        }) as { logits: number[][]; dtype: string; labels: string[] };
        assertEquals(dtype, "torch.float32");
        assertEquals(labels, task === "sst2" ? ["negative", "positive"] : ["LABEL_0"]);
        const ours = Deno.readTextFileSync(`${folder}/runs/${id}/predictions.jsonl`).trimEnd().split("\n")
          .map((line) => (JSON.parse(line) as Prediction).logits!);
        assertEquals(theirs.length, ours.length);
        ours.forEach((row, at) =>
          row.forEach((logit, column) => assert(Math.abs(logit - theirs[at]![column]!) <= 1e-4, `${task} ${at}`))
        );
      }
    }),
});
