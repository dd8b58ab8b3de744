// Together: every file of experiments/, core/experiment/load.ts and core/cli/reproduce/estimate.ts.
import { knownConfigs, tensorflow } from "@opf/framework/plugins";
import * as plugins from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../core/cli/reproduce/estimate.ts";
import { experimentNames, experimentUrl, loadExperiment } from "../../core/experiment/load.ts";
import { outlineExperiment } from "../../core/experiment/dry_run.ts";
import type { Request } from "../../core/experiment/request.ts";
import { inTinyFolder } from "../core/cli/_command.ts";

const root = new URL("../../", import.meta.url);
const experiments = new URL("experiments/", root);
const names = await experimentNames(experiments);
const registry = { plugins, tasks, configs: knownConfigs, sources: [], backends: [tensorflow], launchers: [], root };
const request: Request = { runs: "/nowhere", keepModels: false, tensorboard: false, jobs: 1 };
const urlOf = (name: string) => experimentUrl(name, { experiments, cwd: "/" });

const known = new Map<string, ReturnType<typeof outlineExperiment>>();

/** The runs of an experiment where nothing is to be had; each is looked at once. */
async function outlined(name: string, set: readonly string[] = []) {
  const key = JSON.stringify([name, set]);
  const made = known.get(key) ??
    outlineExperiment(await urlOf(name), { request: { ...request, set }, registry, note: () => {} });
  known.set(key, made);
  return await made;
}

/** Their models and data are in this tree; with the number of runs. */
const ALL_HERE: Readonly<Record<string, number>> = { "quick": 48, "quick-seq2seq": 8 };

Deno.test("every experiment has its file's name and is priced without weights and data", async () => {
  assert(names.length > 15);
  for (const name of names.filter((name) => !Object.hasOwn(ALL_HERE, name))) {
    assertEquals((await loadExperiment(await urlOf(name))).name, name);
    const { runs, missing } = await outlined(name);
    assert(runs.length > 0 && missing.length > 0, name);
    for (const run of runs) {
      assertEquals(run.id, null);
      const { estimate: { seconds, bytes }, parameters } = estimate(run);
      assert(run.steps > 0 && seconds > 0 && bytes > 0 && parameters.training >= parameters.model, name);
    }
  }
});

Deno.test("quick and quick-seq2seq need no network and no data", async () => {
  const options = { request, registry: { ...registry, sources: [plugins.folder()] }, note: () => {} };
  for (const [name, count] of Object.entries(ALL_HERE)) {
    const { experiment, runs, missing } = await outlineExperiment(await urlOf(name), options);
    assertEquals([experiment.name, missing, runs.length], [name, [], count]);
    assert(runs.every(({ id }) => id !== null), name);
  }
});

Deno.test("published figures stand under the labels of rows", async () => {
  for (const name of names.filter((name) => name.startsWith("paper/"))) {
    const { experiment, runs } = await outlined(name);
    const { rows, notes, source } = experiment.published!;
    const labels = new Set(runs.map(({ spec: { label } }) => label));
    for (const { method, values } of rows) {
      assert(labels.has(method), `${name}: ${method}`);
      for (const task of Object.keys(values)) {
        assert(runs.some(({ spec }) => spec.task.name === task), `${name}: ${task}`);
      }
    }
    assert(notes!.length > 0 && source.includes("ACL 2023"), name);
  }
});

Deno.test("the paper's totals are counted as published where table 4 gives them", async () => {
  const { runs } = await outlined("paper/table1-bert-small", ["parameters.svd=top"]);
  const millions = new Map(runs.map((run) => [run.spec.label, Math.floor(estimate(run).parameters.training / 1e6)]));
  for (const [method, published] of [["fine-tuning", 28], ["OPF-SVD", 34], ["OPF-MPO static", 81]] as const) {
    assertEquals(millions.get(method), published, method);
  }
});

Deno.test("the BARTs of table 2 have as many parameters as published", async () => {
  for (const [name, published] of [["paper/table2-bart-base", 140], ["paper/table2-bart-large", 407]] as const) {
    const { runs } = await outlined(name);
    assertEquals(Math.floor(estimate(runs[0]!).parameters.merged / 1e6), published, name);
  }
});

Deno.test("ablations share the runs of ablations/controls, and size those of glue-minilm", () =>
  inTinyFolder(async (folder) => {
    const changed = {
      data: `${folder}/data`,
      models: [`${folder}/model`],
      tasks: ["sst2"],
      seeds: [1],
      set: ["training.maxLength=16", "training.epochs=8"],
    };
    const here = { ...registry, sources: [plugins.folder()] };
    const ids = async (name: string) => {
      const options = { request: { ...request, ...changed }, registry: here, note: () => {} };
      const { runs, missing } = await outlineExperiment(await urlOf(name), options);
      assertEquals(missing, []);
      return new Map(runs.map(({ id, spec }) => [spec.label, id]));
    };
    const controls = await ids("ablations/controls"), minilm = await ids("glue-minilm");
    const shared = async (name: string, pairs: readonly (readonly [string, string])[], others = controls) => {
      const own = await ids(name);
      for (const [label, other] of pairs) {
        assert(own.get(label), `${name}: ${label}`);
        assertEquals(own.get(label), others.get(other), `${name}: ${label}`);
      }
    };
    const six = ["fine-tuning", "frozen", "rate-matched", "OPF-SVD", "OPF-MPO static", "OPF-MPO dynamic"];
    await shared("ablations/learning-rate", six.map((name) => [`${name} (learningRate 1e-4)`, name]));
    await shared("ablations/factor-learning-rate", [
      ["fine-tuning", "fine-tuning"],
      ["OPF-MPO static (rate 2e-5)", "OPF-MPO static"],
    ]);
    await shared("ablations/score", [["eq. 6", "OPF-MPO static, eq. 6"], ["eq. 7, |Σ g·w|", "OPF-MPO static"]]);
    await shared("ablations/grouping", [["by module", "OPF-MPO static"]]);
    await shared("ablations/gauge-and-layout", [["symmetric, ends", "OPF-MPO static"]]);
    await shared("ablations/frozen", [["frozen", "frozen"], ["OPF-MPO static", "OPF-MPO static"]]);
    await shared("ablations/size", [["fine-tuning", "fine-tuning"], ["OPF-MPO dynamic", "OPF-MPO dynamic"]], minilm);
  }));
