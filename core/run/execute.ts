/**
 * One run, from weights and data to the files of its folder.
 *
 * @module
 */
import { dirname } from "node:path";
import { exists } from "../io/cache.ts";
import { messageOf, NotResumableError } from "../errors.ts";
import { engine } from "../backend/engine.ts";
import { loadPretrained, loadWritten, unreadTensors } from "../model/pretrained.ts";
import { RandomKey } from "../random.ts";
import { readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import * as tf from "../backend/tf.ts";
import { fineTune } from "../training/fine_tune.ts";
import type { TrainingEvent, TrainingOutcome } from "../training/fine_tune_request.ts";
import { Weights } from "../model/weights.ts";
import { removeStaleTempFiles, removeStaleTempFilesOf } from "../io/atomic_file.ts";
import type { FileStore } from "../io/file_store.ts";
import { checkpointPath, RunCheckpoint, type Usage } from "./checkpoint_file.ts";
import { writeResult } from "./write_result.ts";
import { encodeSets } from "./encoded_sets.ts";
import { environment } from "./environment.ts";
import { EventLog } from "./event_log.ts";
import { headKey } from "./head_key.ts";
import type { ResolvedRun } from "./resolve.ts";
import { FILES, hasDoneResult, type Result, toJson, writeTextAtomic } from "../results/result.ts";
import { Summaries } from "./tensorboard.ts";

/** Options of a run that do not change its numbers. */
export interface ExecuteOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly keepModel: boolean;
  /** Write event files for TensorBoard. */
  readonly tensorboard: boolean;
  /** Folder of plainly fine-tuned weights, for scores that need them. */
  readonly fineTuned: string;
  /** Keep the merged weights there, for another run's score. */
  readonly shareFineTuned: boolean;
  readonly event: (event: TrainingEvent) => void;
  readonly note: (message: string) => void;
  /** Where tokenized data are kept. @default nowhere */
  readonly tokenStore?: FileStore | undefined;
  /** Called between steps; throws to end the run there. */
  readonly pause: () => Promise<void>;
}

/**
 * Executes a run, or resumes it, and writes its folder, `result.json` last. A sound checkpoint that does not fit the run is
 * dropped: another version of a plugin wrote it.
 */
export async function execute(run: ResolvedRun, options: ExecuteOptions): Promise<Result> {
  try {
    return await attempt(run, options);
  } catch (error) {
    if (!(error instanceof NotResumableError)) throw error;
    options.note(
      `Run ${run.id} is not resumed: its checkpoint does not fit it, which happens where a plugin was changed since: ` +
        `${messageOf(error).replace(/\.$/, "")}; it starts over.`,
    );
    await removeIfThere(`${options.folder}/${FILES.checkpoint}`);
    return await attempt(run, options);
  }
}

async function attempt(run: ResolvedRun, options: ExecuteOptions): Promise<Result> {
  const { folder, pause, note } = options;
  const { spec: { task, training, seed, method, checkpointSeconds }, tokenizer, architecture } = run;
  const started = performance.now();
  await prepareFolder(folder, run.id);
  const keepModel = options.keepModel || await exists(`${folder}/${FILES.model}/model.safetensors`);
  const about = { id: run.id, settings: run.settings, origin: run.repository.origin, environment: await environment() };
  await writeTextAtomic(`${folder}/${FILES.run}`, toJson(about));
  const usage = (): Usage => ({
    seconds: checkpoint.usage.seconds + (performance.now() - started) / 1000,
    peakBytes: Math.max(checkpoint.usage.peakBytes, engine().memory().peakBytes),
    resumedFrom: checkpoint.usage.resumedFrom,
  });
  const checkpoint = await RunCheckpoint.open(checkpointPath(folder), {
    id: run.id,
    steps: run.steps,
    everySeconds: checkpointSeconds,
    usage,
    flush: () => events.sync(),
    note,
  });
  const { resumedAt } = checkpoint;
  if (!resumedAt) await removeIfThere(`${folder}/${FILES.tensorboard}`);
  using events = await EventLog.open(`${folder}/${FILES.events}`, { resumedAt });
  using summaries = options.tensorboard ? new Summaries(`${folder}/${FILES.tensorboard}`, { note }) : undefined;
  const event = (event: TrainingEvent) => {
    if (event.type !== "scoring") events.write(event, usage());
    summaries?.write(event);
    options.event(event);
  };
  engine().memory({ resetPeak: true });
  const key = RandomKey.of(seed);
  const { additionalDev, ...sets } = await encodeSets(run, { store: options.tokenStore, pause });
  const weights = await loadWeights(run);
  let outcome: TrainingOutcome | undefined;
  try {
    const request = { ...sets, task, settings: training, padId: tokenizer.padId, key, weights, method, checkpoint };
    const fineTuned = async () => {
      const path = fineTunedPath(run, options.fineTuned);
      if (!await exists(path)) throw new Error("The score needs the plainly fine-tuned model, which is missing.");
      return loadWritten(await readSafetensors(path), { architecture });
    };
    outcome = await fineTune({ ...request, fineTuned, listener: { event, note, throwIfInterrupted: pause } });
    if (options.shareFineTuned && outcome.merged) {
      const path = fineTunedPath(run, options.fineTuned);
      await Deno.mkdir(dirname(path), { recursive: true });
      await removeStaleTempFilesOf(path);
      await writeSafetensors(path, unreadTensors(outcome.merged));
    }
    const about = { ...sets, outcome, additionalDev, usage, environment: await environment() };
    const result = await writeResult(run, { ...options, keepModel, ...about });
    await writeTextAtomic(`${folder}/${FILES.result}`, toJson(result));
    await checkpoint.remove();
    return result;
  } finally {
    weights.dispose();
    tf.dispose([...outcome?.merged?.values() ?? []]);
  }
}

// A function of its own, which holds the file no longer than it runs.
async function loadWeights({ weights, architecture, spec: { seed } }: ResolvedRun): Promise<Weights> {
  return new Weights(architecture, loadPretrained(await weights.read(), { architecture, key: headKey(seed) }));
}

// A finished run is repeated for what it did not keep: its result, and its model, stay until they are replaced.
async function prepareFolder(folder: string, id: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await removeStaleTempFiles(folder);
  if (await hasDoneResult(folder, id)) return;
  for (const stale of [FILES.result, FILES.model]) await removeIfThere(`${folder}/${stale}`);
}

const removeIfThere = (path: string) => Deno.remove(path, { recursive: true }).catch(() => {});

/** The path of the weights that a plain run ends with, or the plain run that another one needs. */
export const fineTunedPath = (run: ResolvedRun, folder: string): string =>
  `${folder}/${(run.needs ?? run).id}.safetensors`;
