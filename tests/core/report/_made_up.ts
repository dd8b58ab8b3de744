/**
 * Folders of made-up runs, for statistics and reports: real files with invented values.
 *
 * @module
 */
import { RandomKey } from "@opf/framework";
import type { ExperimentManifest, ManifestRun } from "../../../core/results/manifest.ts";
import type { Prediction } from "../../../core/results/predictions.ts";
import { FILES, type Result, RESULTS_VERSION, toJson } from "../../../core/results/result.ts";

/** One made-up run. */
export interface MadeUpRun extends ManifestRun {
  /** Fraction of examples that it predicts correctly. */
  readonly skill: number;
  readonly examples?: number;
  readonly changes?: Partial<Result>;
  readonly selected?: readonly { readonly name: string; readonly step: number; readonly moved: number }[];
}

const MODULES = ["attention.self.query", "attention.self.key", "intermediate.dense", "output.dense"];

/** Names of the matrices of a model of three layers. */
export const MATRICES = [0, 1, 2].flatMap((layer) =>
  MODULES.map((module) => `bert.encoder.layer.${layer}.${module}.weight`)
);

/** Predictions of two classes; the same seed and skill give the same ones. */
export function madeUpPredictions({ task, seed, base, skill, examples = 200 }: MadeUpRun): Prediction[] {
  const labels = RandomKey.of(0).fold(task).uniforms(examples);
  const draws = RandomKey.of(seed).fold(base).fold(task).uniforms(examples);
  return Array.from(labels, (value, index) => {
    const label = value < 0.6 ? 1 : 0;
    const isCorrect = draws[index]! < skill;
    return { index, label, prediction: isCorrect ? label : 1 - label, contribution: isCorrect ? 1 : 0 };
  });
}

/** A run's result, with the accuracy of its predictions. */
export function madeUpResult(run: MadeUpRun): Result {
  const { id, model, task, method, seed, selected = [] } = run;
  const predictions = madeUpPredictions(run);
  const training = 11e6 + 3e5 * selected.length;
  const right = predictions.filter(({ label, prediction }) => label === prediction).length;
  return {
    schemaVersion: 1,
    resultsVersion: RESULTS_VERSION,
    id,
    experiment: "another",
    status: "done",
    model,
    task,
    method,
    seed,
    primary: "accuracy",
    metrics: { accuracy: right / predictions.length },
    diverged: false,
    resumedFrom: [],
    parameters: { model: 11e6, training, trainable: training, merged: 11e6 },
    seconds: {
      total: 60 + 9 * selected.length + seed,
      perStep: 0.5,
      firstStep: 2,
      decomposition: 0,
      selection: 0,
      evaluation: 1,
    },
    memory: { peakBytes: 1.5e9 },
    selected: selected.map((one) => ({ ...one, score: 0.5, error: 1e-7, size: 3e5, facts: {} })),
    matrices: MATRICES.map((name, index) => ({ name, module: MODULES[index % 4]!, layer: Math.floor(index / 4) })),
    merge: { maxLogitDifference: 1e-6, maxFactorizeDifference: 1e-6 },
    settings: { training: { learningRate: 1e-4, factorLearningRate: 2e-5 } },
    environment: {},
    ...run.changes,
  };
}

function* events({ seed, skill, selected = [] }: MadeUpRun): Generator<object> {
  for (const step of new Set(selected.map(({ step }) => step))) {
    yield { type: "ranking", step, score: "taylor", ranking: MATRICES.map((name, at) => [name, 1 / (at + seed)]) };
  }
  for (let step = 1; step <= 90; step++) {
    yield {
      type: "step",
      step,
      steps: 90,
      loss: 0.7 - skill * step / 200 + 0.02 * Math.sin(step * seed),
      gradientNorm: 1 + 1 / step,
      rate: 1 - step / 90,
      seconds: 0.5,
      examples: 32,
      residentBytes: 5e8,
    };
    if (step % 30 === 0) yield { type: "evaluation", step, epoch: step / 30, metrics: { accuracy: skill * step / 90 } };
  }
}

/** Writes an experiment's manifest, and the folders of its runs except those in `without`. */
export async function writeMadeUp(
  folder: string,
  { runs, without = [], ...manifest }: Omit<ExperimentManifest, "runs"> & {
    runs: readonly MadeUpRun[];
    without?: readonly string[];
  },
): Promise<void> {
  await Deno.mkdir(`${folder}/experiments`, { recursive: true });
  const plain = runs.map(({ id, model, task, method, seed, base, point }) => ({
    id,
    model,
    task,
    method,
    seed,
    base,
    point,
  }));
  const name = manifest.experiment.replaceAll("/", "-");
  await Deno.writeTextFile(`${folder}/experiments/${name}.json`, toJson({ ...manifest, runs: plain }));
  for (const run of runs.filter(({ id }) => !without.includes(id))) {
    await Deno.mkdir(`${folder}/${run.id}`, { recursive: true });
    const lines = (list: Iterable<object>) => [...list].map((line) => JSON.stringify(line) + "\n").join("");
    await Deno.writeTextFile(`${folder}/${run.id}/${FILES.predictions}`, lines(madeUpPredictions(run)));
    await Deno.writeTextFile(`${folder}/${run.id}/${FILES.events}`, lines(events(run)));
    await Deno.writeTextFile(`${folder}/${run.id}/${FILES.result}`, toJson(madeUpResult(run)));
  }
}

/** Runs of methods with their skills on tasks, one run per seed. */
export function madeUpRuns(
  { skills, tasks = ["sst2"], seeds = [1, 2, 3], model = "tiny", point = {}, suffix = "" }: {
    readonly skills: Readonly<Record<string, number>>;
    readonly tasks?: readonly string[];
    readonly seeds?: readonly number[];
    readonly model?: string;
    readonly point?: ManifestRun["point"];
    readonly suffix?: string;
  },
): MadeUpRun[] {
  return tasks.flatMap((task) =>
    Object.entries(skills).flatMap(([base, skill], at) =>
      seeds.map((seed) => ({
        id: `${task}-${at}-${seed}${suffix.replaceAll(/\W/g, "")}`,
        model,
        task,
        method: base + suffix,
        base,
        point,
        seed,
        skill,
        ...base.startsWith("OPF") && {
          selected: MATRICES.filter((_, matrix) => (matrix + seed) % 3 !== 0).map((name, matrix) => ({
            name,
            step: base.includes("dynamic") ? 1 + 30 * (matrix % 2) : 1,
            moved: 0.05 * skill,
          })),
        },
      }))
    )
  );
}
