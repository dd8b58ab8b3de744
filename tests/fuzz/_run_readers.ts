/**
 * Readers of what runs leave behind: results, predictions, events and manifests.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { readManifestFile } from "../../core/results/manifest.ts";
import { readPredictions } from "../../core/results/predictions.ts";
import { readResult } from "../../core/results/result.ts";
import { readRunHistory } from "../../core/results/run_history.ts";
import { madeUpPredictions, madeUpResult, madeUpRuns } from "../core/report/_made_up.ts";
import { decode, encode, expectDistinct, expectHeld, expectKeysOnce, expectSame, jsonFile } from "./_expect.ts";
import type { FileReader } from "./_fuzz.ts";
import type { SeedFile } from "./_mutate.ts";

const [RUN, OTHER] = madeUpRuns({ skills: { "OPF-MPO static": 0.8 }, seeds: [1, 2] }) as [
  ReturnType<typeof madeUpRuns>[number],
  ReturnType<typeof madeUpRuns>[number],
];
const settings = { seed: RUN.seed, task: { name: RUN.task }, training: { learningRate: 1e-4 } };
const ranked = { step: 1, score: "taylor", ranking: [["a", 1], ["b", 0.5]] };

export const results: FileReader = {
  name: "results",
  seeds: [
    jsonFile("result.json", {
      ...madeUpResult(RUN),
      rankings: [ranked],
      settings,
      examples: { dev: 200 },
      files: { "predictions.jsonl": "0".repeat(64) },
    }),
    jsonFile("result.json", {
      ...madeUpResult(OTHER),
      status: "failed",
      error: "no memory",
      diverged: true,
      metrics: {},
    }),
  ],
  async read(path, bytes) {
    const id = decode(bytes).includes(`"id":"${OTHER.id}"`) ? OTHER.id : RUN.id;
    const result = (await readResult(dirname(path), id))!, text = decode(bytes);
    expectHeld(result, JSON.parse(text));
    expectKeysOnce(text);
    const { status, metrics, primary, selected, error } = result;
    const { seed = result.seed, task } = (result.settings ?? {}) as { seed?: unknown; task?: { name?: unknown } };
    expectSame("settings.seed", seed, result.seed);
    expectSame("settings.task", task?.name ?? result.task, result.task);
    expectSame("a reason", status === "done" ? primary in metrics : typeof error === "string", true);
    expectDistinct("matrices", selected.map(({ name }) => name));
    return undefined;
  },
};

const equal = (a: object, b: object): boolean =>
  JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted());

export const manifests: FileReader = {
  name: "manifests",
  seeds: [jsonFile("experiment.json", {
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
    modelContrasts: [["a", "b"]],
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
    const manifest = await readManifestFile(path), text = decode(bytes);
    expectHeld(manifest, JSON.parse(text));
    expectKeysOnce(text);
    for (const { chosen, tried } of manifest?.tuned ?? []) {
      expectSame("chosen", tried.some(({ values }) => equal(values, chosen)), true);
    }
    return undefined;
  },
};

/** A file of JSON lines; a text that is no list of them is a line. */
const linesFile = (name: string, lines: readonly object[]): SeedFile => ({
  name,
  bytes: encode(lines.map((line) => JSON.stringify(line) + "\n").join("")),
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
});

const PREDICTIONS = madeUpPredictions({ ...RUN, examples: 6 }).map((one) => ({
  ...one,
  logits: one.prediction === 0 ? [0.5, -0.5] : [-0.5, 0.5],
  text: "yes",
}));

export const predictions: FileReader = {
  name: "predictions",
  seeds: [linesFile("predictions.jsonl", PREDICTIONS)],
  async read(path, bytes) {
    // As a run's own file, which its digest vouches for, and as any other.
    const files = { "predictions.jsonl": createHash("sha256").update(bytes).digest("hex") };
    const own = await readPredictions(dirname(path), { files });
    const read = await readPredictions(dirname(path), {});
    if (typeof read !== "string" && typeof own !== "string") expectHeld(read, own);
    // One that is missing altogether is said of the run, not of the file.
    if (typeof read === "string") return read === "a run's predictions are missing" ? `${path}: ${read}` : read;
    const lines = decode(bytes).split("\n").slice(0, -1).map((line) => JSON.parse(line));
    expectHeld(read, lines);
    decode(bytes).split("\n").slice(0, -1).forEach(expectKeysOnce);
    expectDistinct("indices", read.map(({ index }) => index));
    for (const { prediction, logits } of read) {
      if (!logits) continue;
      const best = logits.reduce((best, value, index) => value > logits[best]! ? index : best, 0);
      expectSame("prediction", prediction, logits.length === 1 ? logits[0] : best);
    }
    return undefined;
  },
};

const EVENTS = [
  {
    time: 1,
    type: "step",
    step: 1,
    steps: 2,
    loss: 0.5,
    gradientNorm: null,
    rate: 1e-4,
    seconds: 0.1,
    examples: 8,
    residentBytes: 1,
  },
  { time: 2, type: "ranking", ...ranked },
  { time: 2, type: "converted", step: 1, matrices: [{ name: "a", step: 1, error: 1e-7, size: 4, facts: {} }] },
  { time: 3, type: "evaluation", step: 2, epoch: 1, metrics: { accuracy: 0.5, matthews: null } },
  { time: 4, type: "resumed", step: 2 },
];

export const events: FileReader = {
  name: "events",
  seeds: [linesFile("events.jsonl", EVENTS)],
  async read(path, bytes) {
    const { steps, losses, evaluations, rankings } = await readRunHistory(dirname(path));
    const texts = decode(bytes).split("\n").slice(0, -1);
    texts.forEach(expectKeysOnce);
    const lines: { type: string; step: number; loss?: number }[] = texts.map((line) => JSON.parse(line));
    const of = (type: string) => lines.filter((line) => line.type === type);
    expectHeld([...steps], of("step").map(({ step }) => step));
    expectHeld([...losses], of("step").map(({ loss }) => loss));
    expectHeld([evaluations, rankings], [of("evaluation"), of("ranking")]);
    return undefined;
  },
};
