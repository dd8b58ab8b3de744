/**
 * A worker process, as its parent sees it.
 *
 * @module
 */
import { type Backend, processEnvironment } from "../../backend/engine.ts";
import { RequestError } from "../../errors.ts";
import { TextLineStream } from "../../io/text_lines.ts";
import type { Result } from "../../results/result.ts";
import { parseStored } from "../../results/stored_json.ts";
import type { TrainingEvent } from "../../training/fine_tune_request.ts";
import { denoTaskArguments } from "../deno_task.ts";
import { externalProcess } from "../external_process.ts";
import {
  encodeLine,
  type WorkerMessage,
  workerMessageSchema,
  type WorkerOrder,
  type WorkerRequest,
} from "./worker_message.ts";

/** What became of an order; `undefined` if it was interrupted. */
export type WorkerOutcome =
  | { readonly result: Result; readonly overMemoryBudget: boolean }
  | { readonly error: string }
  | { readonly busy: true }
  | undefined;

/** What a worker process starts with. */
export interface WorkerOptions extends WorkerRequest {
  /** The project's root. */
  readonly root: URL;
  /** The backend that the worker starts. */
  readonly backend: Backend;
  readonly listener: { note(message: string): void };
  readonly signal: AbortSignal;
}

/** A process that does runs. */
export interface Worker {
  run(order: WorkerOrder, event: (event: TrainingEvent) => void): Promise<WorkerOutcome>;
  /** Lets it end by itself. */
  stop(): Promise<void>;
}

/** Time for an interrupt to arrive here when it ended the worker already. */
const INTERRUPT_MILLISECONDS = 300;

/**
 * Starts a worker with the permissions of the task `worker` of `deno.json`, and waits until its engine runs; `undefined` if
 * it was interrupted.
 *
 * @throws {RequestError} if the engine does not start
 */
export async function startWorker(options: WorkerOptions): Promise<Worker | undefined> {
  const { listener, signal } = options;
  const process = await spawn(options);
  const input = process.stdin.getWriter();
  const write = (value: WorkerRequest | WorkerOrder) => input.write(encodeLine(value)).catch(() => {});
  const interrupt = () => {
    try {
      process.kill("SIGINT");
    } catch { /* it has ended */ }
  };
  signal.addEventListener("abort", interrupt, { once: true });
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  await write(requestOf(options));

  const next = async (): Promise<WorkerMessage | undefined> => {
    const { value, done } = await lines.read();
    return done ? undefined : parseStored(value, { schema: workerMessageSchema, place: "A message of a worker" });
  };
  const endedEarly = async () => {
    const { code, signal: cause } = await process.status;
    return `Its process ended early, ${cause ? `by ${cause}` : `with exit code ${code}`}.`;
  };
  for (let message = await next(); message?.type !== "ready"; message = await next()) {
    if (message?.type === "note") listener.note(message.message);
    else if (signal.aborted || message?.type === "interrupted") return undefined;
    else throw new RequestError(message?.type === "failed" ? message.error : await endedEarly());
  }
  return {
    run: async (order, event) => {
      await write(order);
      for (let message = await next(); message; message = await next()) {
        if (message.type === "event") event(message.event);
        else if (message.type === "note") listener.note(message.message);
        else if (message.type === "done") return message;
        else if (message.type === "busy") return { busy: true };
        else if (message.type === "failed") return { error: message.error };
        else break;
      }
      // Ctrl-C reaches the worker too, perhaps first.
      if (!signal.aborted) await new Promise((resume) => setTimeout(resume, INTERRUPT_MILLISECONDS));
      return signal.aborted ? undefined : { error: await endedEarly() };
    },
    stop: async () => {
      signal.removeEventListener("abort", interrupt);
      await input.close().catch(() => {});
      await process.status;
      await lines.cancel().catch(() => {});
    },
  };
}

async function spawn({ root, backend }: WorkerOptions) {
  const external = externalProcess();
  return new Deno.Command(Deno.execPath(), {
    args: await denoTaskArguments("worker", { root, flags: external ? [`--lock=${external.lock}`] : [] }),
    cwd: root,
    env: processEnvironment(backend),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

// Concurrent workers share the threads, or the cores.
function requestOf({ request, experiment, modules }: WorkerOptions): WorkerRequest {
  const { jobs, threads = jobs > 1 ? navigator.hardwareConcurrency : undefined } = request;
  const each = threads && Math.max(1, Math.floor(threads / jobs));
  return { request: { ...request, ...(each && { threads: each }) }, experiment, modules };
}
