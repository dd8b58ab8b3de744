import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, withEnvironment } from "../../_place.ts";
import { inTinyFolder, run } from "./_command.ts";
import { start } from "./_processes.ts";
import type { Result } from "../../../core/results/result.ts";

const DATA = ["--data", "data"];

const names = (folder: string) => {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
  } catch {
    return [];
  }
};

Deno.test("reproduce does the runs, writes their files, and does not do them again", () =>
  inTinyFolder(async (folder) => {
    const command = ["reproduce", "tiny.ts", ...DATA, "--runs", "runs", "--threads", "1", "--json"];
    const first = await run(command, folder);
    assertEquals(first.code, 0, first.err);
    const { experiment, results } = JSON.parse(first.out) as { experiment: string; results: Result[] };
    assertEquals(experiment, "tiny");
    assertEquals(results.map(({ method, status }) => [method, status]), [["fine-tuning", "done"], [
      "OPF-MPO static",
      "done",
    ]]);
    const [plain, opf] = results as [Result, Result];
    assertEquals(plain.parameters.training, plain.parameters.model);
    assert(opf.parameters.training > opf.parameters.model);
    assertEquals(opf.parameters.merged, plain.parameters.model);
    assertEquals(opf.selected.length, 6);
    assert(opf.selected.every(({ moved }) => moved > 0));
    assertLess(opf.merge.maxLogitDifference, 1e-4);
    assertEquals(names(`${folder}/runs/${opf.id}`), ["events.jsonl", "predictions.jsonl", "result.json", "run.json"]);
    const lines = (id: string) =>
      Deno.readTextFileSync(`${folder}/runs/${id}/predictions.jsonl`).trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
    assertEquals(lines(opf.id).length, 20);
    for (const { label, prediction, logits } of lines(opf.id)) {
      assertEquals(prediction, logits[1] > logits[0] ? 1 : 0);
      assert(label === 0 || label === 1);
    }
    const right = lines(opf.id).filter(({ label, prediction }) => label === prediction).length;
    assertEquals(opf.metrics.accuracy, right / 20);

    const again = await run(command, folder);
    assertEquals(JSON.parse(again.out).results, results);
    assertStringIncludes(again.err, "done before");

    // Elsewhere, from nothing: the same numbers bit for bit, on one thread.
    const elsewhere = await run(command.map((word) => word === "runs" ? "others" : word), folder);
    assertEquals(elsewhere.code, 0, elsewhere.err);
    for (const { id } of results) {
      const [a, b] = ["runs", "others"].map((runs) =>
        Deno.readTextFileSync(`${folder}/${runs}/${id}/predictions.jsonl`)
      );
      assertEquals(a, b);
    }

    // Without --json: results, notes and what is next; what each run cost on request.
    const asText = command.filter((word) => word !== "--json");
    const short = await run(asText, folder);
    assertEquals(short.code, 0, short.err);
    assertMatch(short.out, /\| OPF-MPO static \| \d+\.\d\d +\|/);
    assertEquals(short.out.trimEnd().split("\n").slice(-2), [
      "Next:",
      "  deno task report tiny --runs runs   (differences, costs, charts)",
    ]);
    const verbose = await run([...asText, "--verbose"], folder);
    assertStringIncludes(verbose.out, "What each run cost");
    assert(!short.out.includes("What each run cost"));

    const table = await run(["report", "tiny", "--runs", "runs"], folder);
    assertEquals(table.code, 0, table.err);
    assertMatch(table.out, /\| OPF-MPO static \| \d+\.\d\d +\|/);
  }));

Deno.test("reproduce prices runs without starting one", () =>
  inTinyFolder(async (folder) => {
    const { code, out, err } = await run(
      ["reproduce", "tiny.ts", ...DATA, "--runs", "runs", "--dry-run", "--json"],
      folder,
    );
    assertEquals(code, 0, err);
    const { runs } = JSON.parse(out);
    assertEquals(runs.map(({ method, steps }: { method: string; steps: number }) => [method, steps]), [
      ["fine-tuning", 6],
      ["OPF-MPO static", 6],
    ]);
    for (const { estimate } of runs) assert(estimate.seconds > 0 && estimate.bytes > 0);
    assertEquals(names(`${folder}/runs`), []);
  }));

Deno.test("reproduce --dry-run prices what is not there, without ids, and a run of it is refused", () =>
  inFolder(async (folder) => {
    const words = ["reproduce", "paper/table1-bert-small", "--tasks", "rte", "--seeds", "1", "--runs", "runs"];
    const { code, out, err } = await run([...words, "--dry-run", "--json"], folder);
    assertEquals(code, 0, err);
    for (const what of ['The model "google/bert_uncased_L-4_H-512_A-8" was not found', "Loading rte"]) {
      assertStringIncludes(err, what);
    }
    const { runs } = JSON.parse(out);
    assertEquals(runs.length, 6);
    for (const { id, task, seed, steps, parameters, estimate } of runs) {
      assertEquals([id, task, seed, steps, parameters.model], [null, "rte", 1, 1560, 28_764_674]);
      assert(estimate.seconds > 0 && estimate.bytes > 0);
    }
    assertEquals((await run(words, folder)).code, 2);
    assertEquals(names(folder), []);
  }));

const MISTAKES: readonly (readonly [args: readonly string[], message: string])[] = [
  [["tinny.ts"], "No experiment file tinny.ts in "],
  [["tinny.json"], "No manifest tinny.json in "],
  [["glue-minilmm"], 'Did you mean "glue-minilm"?'],
  [["tiny.ts", "--tasks", "sst3"], 'Did you mean "sst2"?'],
  [["tiny.ts", "--methods", "OPF-MPO sttic"], 'Did you mean "OPF-MPO static"?'],
  [["tiny.ts", "--models", "./modle"], "was not found"],
  [["tiny.ts", "--set", "training.epoch=2"], 'Did you mean "training.epochs"?'],
  [["tiny.ts", "--taskss", "sst2"], 'Did you mean "--tasks"?'],
  [["tiny.ts", "--seeds", "one"], "--seeds: expected an integer"],
  [["tiny.ts", "--backend", "tensorflo"], 'Did you mean "tensorflow"?'],
  [["tiny.ts", "--device", "tpu"], "expected cpu or gpu"],
  [["tiny.ts", "--devices", "two"], "--devices: expected an integer"],
  [["tiny.ts", "--devices", "2"], "the backend tensorflow computes on one device"],
  [["tiny.ts", "--devices", "2", "--backend", "wasm"], "the backend wasm computes on one device"],
  [["tiny.ts", "--devices", "2", "--backend", "xla", "--jobs", "2"], "expected --jobs 1"],
  [["tiny.ts", "--devices", "99", "--backend", "xla", "--device", "cpu"], "Expected at most"],
  [
    ["tiny.ts", "--set", "training.precision=bfloat16"],
    "expected float32, which the backend tensorflow has on the CPU",
  ],
  [
    ["tiny.ts", "--set", "training.precision=tf32", "--backend", "xla", "--device", "cpu"],
    "expected float32 or bfloat16, which the backend xla has on the CPU",
  ],
  [["tiny.ts", "--tasks", "rte"], "Looked for"],
  [["tiny.ts", "--set", "training.maxLength=64"], "at most 32 tokens"],
  [["tiny.ts", "--seeds", "1,1,01"], "seeds: 1 is listed twice"],
  [["tiny.ts", "--tasks", "sst2,,rte"], '--tasks: expected an item before and after each comma, got "sst2,,rte".'],
  [["tiny.ts", "--tasks", "sst2,sst2"], 'tasks: "sst2" is listed twice'],
  [["tiny.ts", "--models", "model,model/"], "is listed twice"],
  [["tiny.ts", "tiny.ts"], 'experiments: "tiny" is listed twice'],
];

Deno.test("reproduce refuses a request that makes no sense, and starts nothing", () =>
  inTinyFolder(async (folder) => {
    for (const [words, message] of MISTAKES) {
      const { code, out, err } = await run(["reproduce", ...words, ...DATA, "--runs", "runs"], folder);
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, message);
      assertEquals(names(`${folder}/runs`), [], message);
    }
  }));

Deno.test("reproduce does the other runs after one that fails, and ends with 1", () =>
  inTinyFolder(async (folder) => {
    const file = `${folder}/tiny.ts`;
    // A decomposition that loses more than it says is refused while it runs.
    await Deno.writeTextFile(
      file,
      (await Deno.readTextFile(file)).replace(
        "mpo({ tensors })",
        "{ ...mpo({ tensors, bond: 1 }), plan: (s) => ({ ...mpo({ tensors, bond: 1 }).plan(s), maxRelativeError: 1e-5 }) }",
      ),
    );
    const { code, out, err } = await run([
      "reproduce",
      "tiny.ts",
      ...DATA,
      "--runs",
      "runs",
      "--seeds",
      "1,2",
      "--json",
    ], folder);
    assertEquals(code, 1, err);
    const { results } = JSON.parse(out) as { results: Result[] };
    assertEquals(results.map(({ status }) => status), ["done", "done", "failed", "failed"]);
    assertStringIncludes(results[2]!.error!, "relative error of at most 0.00001");
  }));

Deno.test("reproduce stops after the current step when it is interrupted", () =>
  inTinyFolder(async (folder) => {
    const words = ["reproduce", "tiny.ts", ...DATA, "--runs", "runs", "--set", "training.epochs=100000"];
    await using running = start(words, folder);
    const events = () =>
      names(`${folder}/runs`).filter((name) => name !== "experiments").map((id) => `${folder}/runs/${id}/events.jsonl`);
    const started = () =>
      events().some((path) => {
        try {
          return Deno.readTextFileSync(path).includes('"step":2');
        } catch {
          return false;
        }
      });
    await running.until("the run takes steps", started);
    assert(await running.interrupt(), (await running.end).err);
    const [path] = events();
    const lines = Deno.readTextFileSync(path!).trimEnd().split("\n");
    for (const line of lines) JSON.parse(line);
    assertEquals(names(path!.replace("/events.jsonl", "")).includes("result.json"), false);
  }));

Deno.test("reproduce ends at once without a library, and starts nothing", () =>
  inTinyFolder((folder) =>
    withEnvironment({ OPF_LIBTENSORFLOW: `${folder}/data` }, async () => {
      const { code, out, err } = await run(["reproduce", "tiny.ts", ...DATA, "--runs", "runs"], folder);
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, "OPF_LIBTENSORFLOW names");
      assertEquals(names(`${folder}/runs`), []);
    })
  ));

Deno.test("reproduce refuses a tokenizer that knows more tokens than the weights, and weights that are another model's", () =>
  inTinyFolder(async (folder) => {
    const path = `${folder}/model/tokenizer.json`;
    const original = await Deno.readTextFile(path);
    const tokenizer = JSON.parse(original);
    tokenizer.model.vocab.extra = 20;
    await Deno.writeTextFile(path, JSON.stringify(tokenizer));
    const large = await run(["reproduce", "tiny.ts", ...DATA, "--runs", "runs"], folder);
    assertEquals(large.code, 2);
    assertStringIncludes(large.err, "expected a tokenizer of at most 20 tokens");
    const config = JSON.parse(await Deno.readTextFile(`${folder}/model/config.json`));
    await Deno.writeTextFile(`${folder}/model/config.json`, JSON.stringify({ ...config, intermediate_size: 48 }));
    await Deno.writeTextFile(path, original);
    const other = await run(["reproduce", "tiny.ts", ...DATA, "--runs", "runs"], folder);
    assertEquals(other.code, 2);
    assertStringIncludes(other.err, "expected [48,16], got [32,16]");
    assertEquals(names(`${folder}/runs`), []);
  }));
