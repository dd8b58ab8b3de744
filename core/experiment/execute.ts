/**
 * One run, from weights and data to the files of its folder.
 *
 * @module
 */
import { dirname } from "node:path";
import { exists } from "../cache.ts";
import { engine } from "../engine.ts";
import { loadPretrained, stored } from "../pretrained.ts";
import { RandomKey } from "../random.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import type { Metrics } from "../task.ts";
import * as tf from "../tf.ts";
import { encode, type EncodedExample } from "../training/batches.ts";
import { checkSame, Evaluator, type Logits, predictions } from "../training/evaluate.ts";
import { fineTune } from "../training/loop.ts";
import type { TrainingEvent, TrainingOutcome, TrainingRequest } from "../training/run.ts";
import { Weights } from "../weights.ts";
import { environment } from "./environment.ts";
import type { PreparedRun } from "./prepare.ts";
import { digest, FILES, type Prediction, type Result, SCHEMA_VERSION, toJson, writeWhole } from "./results.ts";

/** How a run is done, without a say in its numbers. */
export interface ExecuteOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly keepModel: boolean;
  /** Folder of plainly fine-tuned weights, for scores that need them. */
  readonly fineTuned: string;
  /** Whether another run of the experiment needs this one's weights, if it is a plain one. */
  readonly shareFineTuned: boolean;
  readonly event: (event: TrainingEvent) => void;
  readonly note: (message: string) => void;
  /** Called between steps; throws to end the run there. */
  readonly pause: () => Promise<void>;
}

/** Does a run and writes its folder, `result.json` last. */
export async function execute(run: PreparedRun, options: ExecuteOptions): Promise<Result> {
  const { folder, pause, note } = options;
  const { spec: { task, training, seed, method }, tokenizer, architecture } = run;
  const started = performance.now();
  await Deno.mkdir(folder, { recursive: true });
  for (const stale of [FILES.result, FILES.model]) {
    await Deno.remove(`${folder}/${stale}`, { recursive: true }).catch(() => {});
  }
  const about = { id: run.id, settings: run.settings, origin: run.repository.origin, environment: await environment() };
  await writeWhole(`${folder}/${FILES.run}`, toJson(about));
  using events = await Deno.open(`${folder}/${FILES.events}`, { write: true, create: true, truncate: true });
  const event = (event: TrainingEvent) => {
    const line = new TextEncoder().encode(
      JSON.stringify({ time: (performance.now() - started) / 1000, ...event }) + "\n",
    );
    for (let at = 0; at < line.length;) at += events.writeSync(line.subarray(at));
    options.event(event);
  };
  engine().memory({ resetPeak: true });
  const key = RandomKey.of(seed);
  const { tensors } = await loadPretrained(run.weights, { architecture, key: key.fold("head") });
  const weights = new Weights(architecture, tensors);
  const plainId = await plainRunId(run);
  const encoded = (examples: typeof run.data.train) => encode(examples, { tokenizer, maxLength: training.maxLength });
  const [train, dev] = [encoded(run.data.train), encoded(run.data.dev)];
  let outcome: TrainingOutcome | undefined;
  try {
    const request = { task, settings: training, train, dev, padId: tokenizer.padId, key };
    const path = `${options.fineTuned}/${plainId}.safetensors`;
    const fineTuned = () => plainlyFineTuned(run, { ...options, request, path });
    outcome = await fineTune({ ...request, weights, method, fineTuned, watch: { event, note, pause } });
    if (options.shareFineTuned && run.id === plainId && outcome.merged) await share(outcome.merged, path);
    const result = await concluded(run, { ...options, outcome, train, dev, started, environment: about.environment });
    await writeWhole(`${folder}/${FILES.result}`, toJson(result));
    return result;
  } finally {
    weights.dispose();
    tf.dispose([...outcome?.merged?.values() ?? []]);
  }
}

// The id of the same run without a decomposition.
const plainRunId = ({ settings }: PreparedRun) =>
  digest({ ...settings, method: { decomposition: null, policy: null } });

async function share(merged: ReadonlyMap<string, tf.Tensor>, path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, stored(merged));
}

// The weights that plain fine-tuning ends with: of the plain run where it was done, else made now and kept.
async function plainlyFineTuned(
  { architecture, weights: pretrained }: PreparedRun,
  { request, path, pause, note }: Pick<ExecuteOptions, "pause" | "note"> & {
    readonly request: Omit<TrainingRequest, "weights" | "method" | "watch">;
    readonly path: string;
  },
): Promise<ReadonlyMap<string, tf.Tensor>> {
  const load = async (from: string) =>
    (await loadPretrained(from, { architecture, key: request.key.fold("head") })).tensors;
  if (await exists(path)) return load(path);
  note("The score needs a fine-tuned model: plain fine-tuning first.");
  const weights = new Weights(architecture, await load(pretrained));
  try {
    const { merged } = await fineTune({ ...request, weights, method: {}, watch: { event: () => {}, note, pause } });
    if (!merged) throw new Error("The plain fine-tuning that the score needs diverged.");
    await share(merged, path);
    return merged;
  } finally {
    weights.dispose();
  }
}

interface Concluding extends ExecuteOptions {
  readonly outcome: TrainingOutcome;
  readonly train: readonly EncodedExample[];
  readonly dev: readonly EncodedExample[];
  readonly started: number;
  readonly environment: Result["environment"];
}

// Writes predictions and, where asked for, the model; gives the result.
async function concluded(run: PreparedRun, options: Concluding): Promise<Result> {
  const { outcome, train, dev, folder, started } = options;
  const { spec } = run;
  const { head } = spec.task;
  const { merged, logits } = outcome;
  let difference = outcome.mergeDifference;
  if (merged && options.keepModel) {
    await writeModel(run, { folder: `${folder}/${FILES.model}`, merged });
    const again = await readBack(run, options);
    difference = Math.max(difference, checkSame("Writing and reading the model", { before: logits!, after: again }));
  }
  const predicted = logits ? predictions(logits, head) : dev.map(() => constantPrediction(train, head.kind));
  const lines = dev.map(({ index, label }, at): Prediction => ({
    index,
    label,
    prediction: predicted[at]!,
    ...(logits && { logits: logits[at]! }),
  }));
  await writeWhole(`${folder}/${FILES.predictions}`, lines.map((line) => JSON.stringify(line) + "\n").join(""));
  const metrics = spec.task.metrics(predicted, dev.map(({ label }) => label));
  const moved = merged ? await distances(run, { merged, names: outcome.selected.map(({ name }) => name) }) : new Map();
  return {
    schemaVersion: SCHEMA_VERSION,
    id: run.id,
    experiment: spec.experiment,
    status: "done",
    model: run.model,
    task: spec.task.name,
    method: spec.label,
    seed: spec.seed,
    primary: spec.task.primary,
    metrics: definedMetrics(metrics),
    diverged: !merged,
    resumedFrom: [],
    parameters: { ...outcome.parameters, merged: outcome.parameters.model },
    seconds: { total: (performance.now() - started) / 1000, ...outcome.seconds },
    memory: { peakBytes: engine().memory().peakBytes },
    selected: outcome.selected.map(({ name, step, score, error, size, facts }) => ({
      name,
      step,
      ...(score !== undefined && { score }),
      moved: moved.get(name) ?? NaN,
      error,
      size,
      facts,
    })),
    merge: { maxLogitDifference: difference, maxFactorizeDifference: outcome.factorizeDifference },
    settings: { ...run.settings, origin: run.repository.origin, data: run.data.origin, parameters: spec.parameters },
    environment: options.environment,
  };
}

const definedMetrics = (metrics: Metrics): Result["metrics"] =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]));

/** What a model that learnt nothing would say: the most frequent class, or the mean, of the training examples. */
export function constantPrediction(train: readonly EncodedExample[], kind: "classification" | "regression"): number {
  const labels = train.map(({ label }) => label);
  if (kind === "regression") return labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const counts = Map.groupBy(labels, (label) => label);
  return [...counts].reduce((most, next) => next[1].length > most[1].length ? next : most)[0];
}

const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"];

/** Writes a model as Transformers reads it: `config.json`, `model.safetensors` and the tokenizer's files. */
async function writeModel(
  { architecture, repository }: PreparedRun,
  { folder, merged }: { folder: string; merged: ReadonlyMap<string, tf.Tensor> },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of TOKENIZER_FILES) {
    const path = await repository.file(name);
    if (path) await Deno.copyFile(path, `${folder}/${name}`);
  }
  await writeWhole(`${folder}/config.json`, toJson(architecture.config));
  await writeSafetensors(`${folder}/model.safetensors`, stored(merged));
}

// Logits of the model as it was written.
async function readBack(
  { spec, architecture, tokenizer }: PreparedRun,
  { folder, dev, pause }: Concluding,
): Promise<Logits> {
  const path = `${folder}/${FILES.model}/model.safetensors`;
  const { tensors } = await loadPretrained(path, { architecture, key: RandomKey.of(0) });
  const { batchSize: lines, maxLength } = spec.training;
  try {
    return await Evaluator.dense(architecture, { lines, maxLength, padId: tokenizer.padId })
      .logits([...tensors.values()], { examples: dev, pause });
  } finally {
    tf.dispose([...tensors.values()]);
  }
}

// How far matrices moved from their pre-trained values, relative to these.
async function distances(
  { weights, architecture }: PreparedRun,
  { merged, names }: { merged: ReadonlyMap<string, tf.Tensor>; names: readonly string[] },
): Promise<Map<string, number>> {
  const file = await readSafetensors(weights);
  const inFile = new Map([...file.entries.keys()].map((name) => [architecture.canonicalName(name), name]));
  return new Map(names.map((name) => {
    const { values, shape } = file.tensor(inFile.get(name)!);
    return [
      name,
      tf.tidy(() => {
        const before = tf.tensor(values, [...shape], "float32");
        return tf.div(tf.norm(tf.sub(merged.get(name)!, before)), tf.norm(before)).dataSync()[0]!;
      }),
    ];
  }));
}
