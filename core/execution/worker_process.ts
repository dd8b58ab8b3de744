/**
 * A worker process, as seen from the runner.
 *
 * @module
 */
import { type Backend, processEnvironment } from "../backend/engine.ts";
import { RequestError } from "../errors.ts";
import { LOCK_COPY } from "../experiment/external_modules.ts";
import { TextLineStream } from "./text_lines.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import type { Result } from "../results/result.ts";
import type { Request } from "../experiment/request.ts";
import { parseStored } from "../results/stored_json.ts";
import { type WorkerMessage, workerMessageSchema, type WorkerOrder } from "./worker_message.ts";

/** What became of one order; nothing where it was interrupted. */
export type WorkerOutcome =
  | { readonly result: Result; readonly spent: boolean }
  | { readonly error: string }
  | { readonly busy: true }
  | undefined;

/** What a worker process is started with. */
export interface WorkerOptions {
  readonly request: Request;
  /** URL of the experiment's file. */
  readonly experiment: string;
  readonly modules: readonly string[];
  /** The project's root. */
  readonly root: URL;
  /** Whose engine the worker starts. */
  readonly backend: Backend;
  readonly watch: { note(message: string): void };
  readonly signal: AbortSignal;
}

/** A process that does runs. */
export interface Worker {
  run(order: WorkerOrder, event: (event: TrainingEvent) => void): Promise<WorkerOutcome>;
  /** Lets it end by itself. */
  stop(): Promise<void>;
}

const INTERRUPT_MILLISECONDS = 300;

/**
 * Starts a worker with the permissions of the task `worker` of `deno.json`, and waits until its engine runs; an engine that
 * does not start is a {@linkcode RequestError}. Nothing where it was interrupted.
 */
export async function startWorker(
  { request, experiment, modules, root, backend, watch, signal }: WorkerOptions,
): Promise<Worker | undefined> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: { worker: string };
  };
  const lock = Deno.env.get(LOCK_COPY); // where modules of others are in play
  const words = tasks.worker.split(" ").slice(1);
  const args = lock ? [...words.slice(0, -2), `--lock=${lock}`, ...words.slice(-2)] : words;
  const all = request.threads ?? (request.jobs > 1 ? navigator.hardwareConcurrency : undefined);
  const threads = all && Math.max(1, Math.floor(all / request.jobs));
  const process = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: processEnvironment(backend),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = process.stdin.getWriter();
  const write = (value: unknown) => input.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
  const interrupt = () => {
    try {
      process.kill("SIGINT");
    } catch { /* it is gone already */ }
  };
  signal.addEventListener("abort", interrupt, { once: true });
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  await write({ request: { ...request, ...(threads && { threads }) }, experiment, modules }).catch(() => {});

  const next = async (): Promise<WorkerMessage | undefined> => {
    const { value, done } = await lines.read();
    return done
      ? undefined
      : parseStored(value, { schema: workerMessageSchema, place: "A message of a worker process" });
  };
  const endedEarly = async () => {
    const { code, signal: by } = await process.status;
    return `Its process ended early, ${by ? `by ${by}` : `with exit code ${code}`}.`;
  };
  for (let message = await next(); message?.type !== "ready"; message = await next()) {
    if (message?.type === "note") watch.note(message.message);
    else if (signal.aborted || message?.type === "interrupted") return undefined;
    else throw new RequestError(message?.type === "failed" ? message.error : await endedEarly());
  }
  return {
    run: async (order, event) => {
      await write(order).catch(() => {});
      for (let message = await next(); message; message = await next()) {
        if (message.type === "event") event(message.event);
        else if (message.type === "note") watch.note(message.message);
        else if (message.type === "done") return message;
        else if (message.type === "busy") return { busy: true };
        else if (message.type === "failed") return { error: message.error };
        else break;
      }
      // Ctrl-C reaches the worker too, and perhaps first.
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
