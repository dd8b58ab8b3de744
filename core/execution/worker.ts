/**
 * A worker process: does the runs that it is told on standard input, one after another.
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
import { withRunLock } from "../run/run_lock.ts";
import { RunResolver } from "../run/resolve.ts";
import type { Request } from "../experiment/request.ts";
import type { Result } from "../results/result.ts";
import type { WorkerMessage, WorkerOrder, WorkerRequest } from "./worker_message.ts";

/** Bytes that a worker may hold more than before its first run and still do another, unless the experiment says more. */
const MAX_RETAINED_BYTES = 256e6;

const encoder = new TextEncoder();

function say(message: WorkerMessage): void {
  const line = encoder.encode(JSON.stringify(message) + "\n");
  try {
    for (let at = 0; at < line.length;) at += Deno.stdout.writeSync(line.subarray(at));
  } catch (error) {
    // Nobody listens any more: the end of the orders comes too, and the run in hand is to keep its state first.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Orders as they come, and whether the one who gives them has gone, or told to stop. */
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

  async next<T>(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.stopped) {
      await new Promise<void>((resume) => this.#wake = resume);
    }
    const line = this.#waiting.shift();
    return line === undefined || this.stopped ? undefined : JSON.parse(line) as T;
  }
}

/**
 * Runs until standard input ends or an interrupt comes; a run in hand stops after its step and keeps its state. So a worker
 * does not outlive the process that started it.
 */
export async function work(lines: AsyncIterable<string>, parts: Registry): Promise<void> {
  const orders = new Orders(lines);
  const first = await orders.next<WorkerRequest>();
  if (!first) return;
  try {
    const { run, spent } = await prepared(first, { orders, parts });
    say({ type: "ready" });
    for (let order = await orders.next<WorkerOrder>(); order; order = await orders.next<WorkerOrder>()) {
      try {
        const result = await run(order);
        say(result ? { type: "done", result, spent: spent() } : { type: "busy" });
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        say(failure(error));
      }
    }
    if (orders.stopped) say({ type: "interrupted" });
  } catch (error) {
    say(error instanceof Interrupted ? { type: "interrupted" } : failure(error));
  }
}

// Starts the engine; gives what does a run under its lock, or nothing where another process holds it.
async function prepared(
  { request, experiment, modules }: WorkerRequest,
  { orders, parts }: { orders: Orders; parts: Registry },
) {
  const note = (message: string) => say({ type: "note", message });
  const { backend, device, threads, data } = request;
  const started = useEngine(
    await backendNamed(backend, parts).start({ ...(device && { device }), ...(threads && { threads }), note }),
  );
  const declared = await loadExperiment(experiment);
  const expansion = new ExperimentGrid(declared, request, parts);
  const preparer = new RunResolver(parts, { data, backend, modules, note: () => {} });
  const pause = async () => {
    await new Promise((resume) => setTimeout(resume, 0)); // signals and the end of input come between tasks
    if (orders.stopped) throw new Interrupted("Interrupted.");
  };
  note(`Computing with ${started.description.library} on the ${started.device.toUpperCase()}.`);
  const atFirst = engine().memory().residentBytes;
  const run = async ({ place, id, share }: WorkerOrder): Promise<Result | undefined> => {
    const run = await preparer.prepare(expansion.at(place));
    if (run.id !== id) throw new Error(`Run ${id} became ${run.id}: its files or modules changed while it waited.`);
    const folder = `${request.runs}/${id}`;
    return withRunLock(
      folder,
      async () =>
        await cachedResult(run, { ...request, share, note }) ?? await execute(run, {
          folder,
          keepModel: request.keepModels,
          tensorboard: request.tensorboard,
          fineTuned: fineTunedFolder(request),
          shareFineTuned: share,
          event: (event) => say({ type: "event", event }),
          note,
          pause,
        }),
    );
  };
  const most = atFirst + (declared.workers?.maxRetainedBytes ?? MAX_RETAINED_BYTES);
  return { run, spent: () => engine().memory().residentBytes > most };
}

const failure = (error: unknown): WorkerMessage => ({
  type: "failed",
  error: messageOf(error),
  stack: error instanceof Error ? error.stack ?? "" : "",
});
