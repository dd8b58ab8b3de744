/**
 * What does runs in this process: an engine, and an experiment whose runs are found by their coordinates.
 *
 * @module
 */
import { setImmediate as nextTask } from "node:timers/promises";
import { engine, useEngine } from "../../backend/engine.ts";
import { Interrupted } from "../../errors.ts";
import { ExperimentGrid } from "../../experiment/grid.ts";
import { loadExperiment } from "../../experiment/load.ts";
import { backendNamed, type Registry } from "../../registry.ts";
import type { Result } from "../../results/result.ts";
import { cachedResult, fineTunedFolder, type RequiredOutputs } from "../../run/cached_result.ts";
import { tokenStore } from "../../run/encoded_sets.ts";
import { execute } from "../../run/execute.ts";
import { type ResolvedRun, RunResolver } from "../../run/resolve.ts";
import type { TrainingEvent } from "../../training/fine_tune_request.ts";
import type { WorkerOrder, WorkerRequest } from "./worker_message.ts";

/** Bytes that a process may retain over what it held before its first run, unless the experiment says otherwise. */
const MAX_RETAINED_BYTES = 256e6;
/** The same for an engine whose programs and libraries cost more time to load again than memory to keep. */
const MAX_RETAINED_BYTES_OF_PROGRAMS = 8e9;

/** Options of {@linkcode startRunner}. */
export interface RunnerOptions {
  readonly registry: Registry;
  /** Whether the current run ends after its step. */
  readonly isStopped: () => boolean;
  readonly event: (event: TrainingEvent) => void;
  readonly note: (message: string) => void;
}

/** Does runs of one experiment. */
export interface Runner {
  /** Finds a run. @throws if its files or modules changed since it was ordered */
  prepare(order: Pick<WorkerOrder, "place" | "id">): Promise<ResolvedRun>;
  /** Executes a run unless it is done. @throws {Interrupted} if it is stopped: its checkpoint is written */
  run(run: ResolvedRun, outputs: RequiredOutputs): Promise<Result>;
  /** Whether the process retains so much memory that another one should do the next run. */
  isOverMemoryBudget(): boolean;
}

/** Starts the engine of a request, and imports its experiment. */
export async function startRunner(
  { request, experiment: url, modules }: WorkerRequest,
  { registry, isStopped, event, note }: RunnerOptions,
): Promise<Runner> {
  const { backend, device, devices, threads, data, runs } = request;
  const options = { ...(device && { device }), ...(devices && { devices }), ...(threads && { threads }), note };
  const started = useEngine(await backendNamed(backend, registry).start(options));
  const experiment = await loadExperiment(url);
  const grid = new ExperimentGrid(experiment, request, registry);
  const resolver = new RunResolver(registry, { data, backend, device, modules, note: () => {} });
  const pause = async () => {
    await nextTask(); // signals and the end of input arrive between tasks; a timer would wait for milliseconds
    if (isStopped()) throw new Interrupted("Interrupted.");
  };
  const where = started.deviceGroup ? `${started.deviceGroup.size} devices, each a ` : "the ";
  note(`Computing with ${started.description.library} on ${where}${started.device.toUpperCase()}.`);
  const store = tokenStore(note);
  const initialBytes = engine().memory().residentBytes;
  const maxRetainedBytes = started.compilesWholePrograms
    ? MAX_RETAINED_BYTES_OF_PROGRAMS
    : experiment.workers?.maxRetainedBytes ?? MAX_RETAINED_BYTES;
  const maxBytes = initialBytes + maxRetainedBytes;
  return {
    prepare: async ({ place, id }) => {
      const run = await resolver.prepare(grid.specAt(place));
      if (run.id !== id) throw new Error(`Run ${id} became ${run.id}: its files or modules changed in the meantime.`);
      return run;
    },
    run: async (run, { share }) =>
      await cachedResult(run, { ...request, share, note }) ??
        await execute(run, {
          folder: `${runs}/${run.id}`,
          keepModel: request.keepModels,
          tensorboard: request.tensorboard,
          tokenStore: store,
          fineTuned: fineTunedFolder(request),
          shareFineTuned: share,
          event,
          note,
          pause,
        }),
    isOverMemoryBudget: () => engine().memory().residentBytes > maxBytes,
  };
}
