/**
 * The files of a run that has ended.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { EncodedExample } from "../model/batch.ts";
import { constantPrediction, countUnlabeled, generatesText, type Head, headPredictions } from "../model/head.ts";
import { loadPretrained } from "../model/pretrained.ts";
import { contributions } from "../statistics/contributions.ts";
import { computeMetrics, type Metric, type Metrics, primaryMetric } from "../task.ts";
import * as tf from "../backend/tf.ts";
import { checkSameLogits, Evaluator, type Logits } from "../training/logits.ts";
import type { TrainingOutcome } from "../training/fine_tune_request.ts";
import type { Usage } from "./checkpoint_file.ts";
import { exportModel, type ExportOptions, readExport } from "./export_model.ts";
import { headKey } from "./head_key.ts";
import type { ResolvedRun } from "./resolve.ts";
import { metricOfSet, type Prediction, predictionsFile } from "../results/predictions.ts";
import {
  FILES,
  type MatrixPlace,
  type Result,
  RESULTS_VERSION,
  SCHEMA_VERSION,
  writeTextAtomic,
} from "../results/result.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** What a run ended with, and what was measured of it. */
export interface WriteResultOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly keepModel: boolean;
  /** Called between batches; throws to end the run there. */
  readonly pause: () => Promise<void>;
  readonly outcome: TrainingOutcome;
  readonly train: readonly EncodedExample[];
  readonly dev: readonly EncodedExample[];
  /** More dev sets, by name. */
  readonly additionalDev: { readonly [name: string]: readonly EncodedExample[] };
  /** What was measured of the run until now. */
  readonly usage: () => Usage;
  readonly environment: Result["environment"];
}

/** Writes the predictions and, if requested, the model; returns the result. */
export async function writeResult(run: ResolvedRun, options: WriteResultOptions): Promise<Result> {
  const { outcome, dev, additionalDev } = options;
  const { spec } = run;
  const { head } = spec.task;
  const { merged, logits } = outcome;
  const { metrics, texts, seconds } = await evaluateSets(run, options);
  let difference = outcome.mergeDifference;
  if (merged && options.keepModel) {
    const again = await exportAndRead(run, { ...options, merged, metrics });
    difference = Math.max(
      difference,
      checkSameLogits("Writing and reading the model", { before: logits!, after: again, head }),
    );
  }
  const moved = merged ? await distances(run, { merged, names: outcome.selected.map(({ name }) => name) }) : new Map();
  const places = new Map(run.architecture.matrices.map(({ name, module, layer, stack }): [string, MatrixPlace] => [
    name,
    { name, module, layer, ...(stack && { stack }) },
  ]));
  // Right before the result, so that an earlier one fits its predictions as long as it is there.
  for (const [name, text] of texts) await writeTextAtomic(`${options.folder}/${name}`, text);
  const usage = options.usage();
  return {
    ...identityOf(run),
    status: "done",
    metrics: definedMetrics(metrics),
    ...(Object.keys(additionalDev).length > 0 && { additionalDev: Object.keys(additionalDev) }),
    examples: Object.fromEntries(Object.entries({ dev, ...additionalDev }).map(([set, { length }]) => [set, length])),
    ...(logits && generatesText(head) && { unlabeledAnswers: countUnlabeled(logits, head) }),
    diverged: !merged,
    resumedFrom: usage.resumedFrom,
    parameters: { ...outcome.parameters, merged: outcome.parameters.model },
    seconds: {
      total: usage.seconds,
      ...outcome.seconds,
      evaluation: outcome.seconds.evaluation + seconds,
    },
    memory: { peakBytes: usage.peakBytes },
    selected: outcome.selected.map(({ name, step, score, error, size, facts }) => ({
      ...places.get(name)!,
      step,
      ...(score !== undefined && { score }),
      moved: moved.get(name) ?? NaN,
      error,
      size,
      facts,
    })),
    rankings: outcome.rankings,
    matrices: [...places.values()],
    merge: { maxLogitDifference: difference, maxFactorizeDifference: outcome.factorizeDifference },
    files: Object.fromEntries([...texts].map(([name, text]) => [name, sha256(text)])),
    settings: { ...run.settings, origin: run.repository.origin, data: run.origin, parameters: spec.parameters },
    environment: options.environment,
  };
}

/** The metrics on all dev sets, the texts of their files of predictions, and what the additional sets took. */
async function evaluateSets(
  run: ResolvedRun,
  { outcome: { merged, logits }, train, dev, additionalDev, pause }: WriteResultOptions,
): Promise<{ metrics: Record<string, number>; texts: Map<string, string>; seconds: number }> {
  const { task } = run.spec, { head } = task;
  const constant = constantPrediction(train.map(({ label }) => label), head);
  const texts = new Map<string, string>();
  const predict = (examples: readonly EncodedExample[], logits: Logits | undefined, set?: string) => {
    const predictions = logits ? headPredictions(logits, head) : examples.map(() => constant);
    const results = { predictions, labels: examples.map(({ label }) => label) };
    const lines = predictionLines(examples, { ...results, logits, head, primary: primaryMetric(task) });
    texts.set(predictionsFile(set), lines);
    return results;
  };
  const metrics: Record<string, number> = { ...computeMetrics(task.metrics, predict(dev, logits)) };
  const start = performance.now();
  for (const [name, examples] of Object.entries(additionalDev)) {
    const logits = merged && await evaluate(run, { values: [...merged.values()], examples, pause });
    const { predictions, labels } = predict(examples, logits, name);
    metrics[name] = metricOfSet(task, name).compute(predictions, labels);
  }
  return { metrics, texts, seconds: (performance.now() - start) / 1000 };
}

// The text of a file of predictions.
function predictionLines(
  examples: readonly EncodedExample[],
  { predictions, labels, logits, head, primary }: {
    readonly predictions: readonly number[];
    readonly labels: readonly number[];
    readonly logits: Logits | undefined;
    readonly head: Head;
    readonly primary: Metric;
  },
): string {
  const ofExamples = contributions(primary, { predictions, labels });
  return examples.map(({ index, label }, at) => {
    const row: Prediction = {
      index,
      label,
      prediction: predictions[at]!,
      ...(logits && (generatesText(head) ? { text: head.answers!.read!(logits[at]!).text } : { logits: logits[at]! })),
      contribution: ofExamples[at]!,
    };
    return JSON.stringify(row) + "\n";
  }).join("");
}

/** The result of a run that failed. */
export const failedResult = (run: ResolvedRun, error: string): Result => ({
  ...identityOf(run),
  status: "failed",
  error,
  metrics: {},
  diverged: false,
  resumedFrom: [],
  parameters: { model: 0, training: 0, trainable: 0, merged: 0 },
  seconds: { total: 0, perStep: 0, firstStep: 0, decomposition: 0, selection: 0, evaluation: 0 },
  memory: { peakBytes: 0 },
  selected: [],
  merge: { maxLogitDifference: 0, maxFactorizeDifference: 0 },
  settings: run.settings,
  environment: {},
});

const identityOf = ({ id, spec, model }: ResolvedRun) => ({
  schemaVersion: SCHEMA_VERSION,
  resultsVersion: RESULTS_VERSION,
  id,
  experiment: spec.experiment,
  model,
  task: spec.task.name,
  method: spec.label,
  seed: spec.seed,
  primary: spec.task.primary,
});

const definedMetrics = (metrics: Metrics): Result["metrics"] =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]));

// Logits of dense weights, in the order of the architecture's parameters.
function evaluate(
  { spec: { training: { batchSize, maxLength } }, architecture, tokenizer }: ResolvedRun,
  { values, examples, pause }:
    & { readonly values: readonly tf.Tensor[]; readonly examples: readonly EncodedExample[] }
    & Pick<WriteResultOptions, "pause">,
): Promise<Logits> {
  return Evaluator.dense(architecture, { batchSize, maxLength, padId: tokenizer.padId }).logits(values, {
    examples,
    throwIfInterrupted: pause,
  });
}

// Logits of the model as it was written.
async function exportAndRead(
  run: ResolvedRun,
  { folder, dev, pause, ...model }: WriteResultOptions & Pick<ExportOptions, "merged" | "metrics">,
): Promise<Logits> {
  const target = `${folder}/${FILES.model}`;
  await exportModel(run, { ...model, folder: target });
  const { architecture, tensors } = await readExport(run, { folder: target, dev });
  try {
    return await evaluate({ ...run, architecture }, { values: [...tensors.values()], examples: dev, pause });
  } finally {
    tf.dispose([...tensors.values()]);
  }
}

// How far matrices moved from where they started, relative to that.
async function distances(
  { spec: { seed }, weights, architecture }: ResolvedRun,
  { merged, names }: { merged: ReadonlyMap<string, tf.Tensor>; names: readonly string[] },
): Promise<Map<string, number>> {
  const file = await weights.read();
  return new Map(names.map((name) => {
    const parameters = architecture.parameters.filter((parameter) => parameter.name === name);
    const start = loadPretrained(file, { architecture: { ...architecture, parameters }, key: headKey(seed) }).get(
      name,
    )!;
    const distance = tf.tidy(() => tf.div(tf.norm(tf.sub(merged.get(name)!, start)), tf.norm(start)).dataSync()[0]!);
    start.dispose();
    return [name, distance];
  }));
}
