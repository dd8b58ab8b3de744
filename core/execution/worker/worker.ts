/**
 * A worker process: does the runs that arrive on standard input, one after the other.
 *
 * @module
 */
import { Interrupted, messageOf } from "../../errors.ts";
import type { Registry } from "../../registry.ts";
import type { Result } from "../../results/result.ts";
import { readClaim } from "../../run/claim.ts";
import { withRunLock } from "../../run/run_lock.ts";
import { isClaimAlive } from "../launch/launched_tasks.ts";
import { startRunner } from "./runner.ts";
import { encodeLine, type WorkerMessage, type WorkerOrder, type WorkerRequest } from "./worker_message.ts";

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
  first: WorkerRequest,
  { orders, registry }: { readonly orders: Orders; readonly registry: Registry },
) {
  const { request: { runs } } = first;
  const note = (message: string) => send({ type: "note", message });
  const runner = await startRunner(first, {
    registry,
    isStopped: () => orders.stopped,
    event: (event) => send({ type: "event", event }),
    note,
  });
  const isClaimed = async (folder: string) => {
    const claim = await readClaim(folder);
    return claim !== undefined && await isClaimAlive(claim, { runs, registry }).catch((error) => {
      const file = `${folder}/claim-*.json`;
      note(
        `Whether task ${claim.job} on ${claim.host} still runs is unknown (${
          messageOf(error)
        }); if not, remove ${file}.`,
      );
      return true;
    });
  };
  const run = async (order: WorkerOrder): Promise<Result | undefined> => {
    const run = await runner.prepare(order);
    const folder = `${runs}/${run.id}`;
    return withRunLock(folder, async () => await isClaimed(folder) ? undefined : runner.run(run, order));
  };
  return { run, isOverMemoryBudget: runner.isOverMemoryBudget };
}

const failure = (error: unknown): WorkerMessage => ({
  type: "failed",
  error: messageOf(error),
  stack: error instanceof Error ? error.stack ?? "" : "",
});
