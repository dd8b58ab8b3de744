/**
 * A worker process: does the runs that arrive on standard input, one after the other.
 *
 * @module
 */
import { engine, useEngine } from "../backend/engine.ts";
import { Interrupted, messageOf } from "../errors.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { execute } from "../run/execute.ts";
import { ExperimentGrid } from "../experiment/grid.ts";
import { cachedResult, fineTunedFolder } from "../run/cached_result.ts";
import { loadExperiment } from "../experiment/load.ts";
import { tokenStore } from "../run/encoded_sets.ts";
import { withRunLock } from "../run/run_lock.ts";
import { RunResolver } from "../run/resolve.ts";
import type { Result } from "../results/result.ts";
import { encodeLine, type WorkerMessage, type WorkerOrder, type WorkerRequest } from "./worker_message.ts";

/** Bytes that a worker may retain over what it held before its first run, unless the experiment says otherwise. */
const MAX_RETAINED_BYTES = 256e6;

function send(message: WorkerMessage): void {
  const line = encodeLine(message);
  try {
    for (let written = 0; written < line.length;) written += Deno.stdout.writeSync(line.subarray(written));
  } catch (error) {
    // The parent is gone. Standard input ends too, and the current run writes its checkpoint first.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Lines of standard input as they arrive; an end of input or a signal stops the worker. */
class Orders {
  stopped = false;
  readonly #waiting: string[] = [];
  #wake = () => {};

  constructor(lines: AsyncIterable<string>) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => this.stop());
    (async () => {
      for await (const line of lines) {
        this.#waiting.push(line);
        this.#wake();
      }
      this.stop();
    })();
  }

  stop(): void {
    this.stopped = true;
    this.#wake();
  }

  async next<T extends WorkerRequest | WorkerOrder>(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.stopped) {
      await new Promise<void>((resume) => this.#wake = resume);
    }
    const line = this.#waiting.shift();
    return line === undefined || this.stopped ? undefined : JSON.parse(line) as T;
  }
}

/**
 * Does runs until standard input ends or a signal arrives: the current run then stops after its step and writes a
 * checkpoint. A worker therefore does not outlive the process that started it.
 */
export async function work(lines: AsyncIterable<string>, registry: Registry): Promise<void> {
  const orders = new Orders(lines);
  const first = await orders.next<WorkerRequest>();
  if (!first) return;
  try {
    const { run, isOverMemoryBudget } = await start(first, { orders, registry });
    send({ type: "ready" });
    for (let order = await orders.next<WorkerOrder>(); order; order = await orders.next<WorkerOrder>()) {
      try {
        const result = await run(order);
        send(result ? { type: "done", result, overMemoryBudget: isOverMemoryBudget() } : { type: "busy" });
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        send(failure(error));
      }
    }
    if (orders.stopped) send({ type: "interrupted" });
  } catch (error) {
    send(error instanceof Interrupted ? { type: "interrupted" } : failure(error));
  }
}

// Starts the engine; returns what does a run: `undefined` if another process is doing it.
async function start(
  { request, experiment: url, modules }: WorkerRequest,
  { orders, registry }: { readonly orders: Orders; readonly registry: Registry },
) {
  const note = (message: string) => send({ type: "note", message });
  const { backend, device, threads, data } = request;
  const started = useEngine(
    await backendNamed(backend, registry).start({ ...(device && { device }), ...(threads && { threads }), note }),
  );
  const experiment = await loadExperiment(url);
  const grid = new ExperimentGrid(experiment, request, registry);
  const resolver = new RunResolver(registry, { data, backend, device, modules, note: () => {} });
  const pause = async () => {
    await new Promise((resume) => setTimeout(resume, 0)); // signals and the end of input arrive between tasks
    if (orders.stopped) throw new Interrupted("Interrupted.");
  };
  note(`Computing with ${started.description.library} on the ${started.device.toUpperCase()}.`);
  const kept = tokenStore(note);
  const initialBytes = engine().memory().residentBytes;
  const run = async ({ place, id, share }: WorkerOrder): Promise<Result | undefined> => {
    const run = await resolver.prepare(grid.specAt(place));
    if (run.id !== id) throw new Error(`Run ${id} became ${run.id}: its files or modules changed in the meantime.`);
    const folder = `${request.runs}/${id}`;
    return withRunLock(folder, async () =>
      await cachedResult(run, { ...request, share, note }) ??
        await execute(run, {
          folder,
          keepModel: request.keepModels,
          tensorboard: request.tensorboard,
          tokenStore: kept,
          fineTuned: fineTunedFolder(request),
          shareFineTuned: share,
          event: (event) => send({ type: "event", event }),
          note,
          pause,
        }));
  };
  const maxBytes = initialBytes + (experiment.workers?.maxRetainedBytes ?? MAX_RETAINED_BYTES);
  return { run, isOverMemoryBudget: () => engine().memory().residentBytes > maxBytes };
}

const failure = (error: unknown): WorkerMessage => ({
  type: "failed",
  error: messageOf(error),
  stack: error instanceof Error ? error.stack ?? "" : "",
});
