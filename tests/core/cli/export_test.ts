import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Prediction } from "../../../core/results/predictions.ts";
import type { Result } from "../../../core/results/result.ts";
import { readSafetensors } from "../../../core/io/safetensors.ts";
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

Deno.test("export writes the merged model in Transformers' names, and refuses what it cannot give", () =>
  inTinyFolder(async (folder) => {
    const bare = await run(keep("sst2"), folder);
    assertEquals(bare.code, 0, bare.err);
    const [{ id }] = JSON.parse(bare.out).results as [Result];
    const none = await run(["export", id, "out", "--runs", "runs"], folder);
    assertEquals(none.code, 2);
    assertStringIncludes(none.err, "--keep-models");
    const kept = await run([...keep("sst2"), "--keep-models"], folder); // done again, for its model
    assertEquals((JSON.parse(kept.out).results as [Result])[0].id, id);
    const done = await run(["export", `runs/${id}`, "deep/out"], folder);
    assertEquals(done.code, 0, done.err);
    const files = [...Deno.readDirSync(`${folder}/deep/out`)].map(({ name }) => name).toSorted();
    assertEquals(files, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/deep/out/config.json`));
    assertEquals(config.architectures, ["BertForSequenceClassification"]);
    assertEquals(config.id2label, { 0: "negative", 1: "positive" });
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
    // The dev set without its labels: what is said of it is known.
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
      for (const task of ["sst2", "stsb"]) {
        const { code, out, err } = await run([...keep(task), "--keep-models"], folder);
        assertEquals(code, 0, err);
        const [{ id }] = JSON.parse(out).results as [Result];
        const lines = Deno.readTextFileSync(`${folder}/data/${task}/dev.tsv`).trimEnd().split("\n").slice(1);
        const texts = lines.map((line) => line.split("\t").slice(1, -1));
        const theirs = await runPeer(python!, {
          script: "exported_logits.py",
          args: [`${folder}/runs/${id}/model`],
          input: texts,
        }) as number[][];
        const ours = Deno.readTextFileSync(`${folder}/runs/${id}/predictions.jsonl`).trimEnd().split("\n")
          .map((line) => (JSON.parse(line) as Prediction).logits!);
        assertEquals(theirs.length, ours.length);
        ours.forEach((row, at) =>
          row.forEach((logit, column) => assert(Math.abs(logit - theirs[at]![column]!) <= 1e-4, `${task} ${at}`))
        );
      }
    }),
});
