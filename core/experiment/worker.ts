/**
 * A worker process: does the runs that it is told on standard input, one after another.
 *
 * @module
 */
import { useEngine } from "../engine.ts";
import { Interrupted, messageOf } from "../errors.ts";
import { backendNamed, type Parts } from "../parts.ts";
import type { TrainingEvent } from "../training/run.ts";
import { execute } from "./execute.ts";
import { expand } from "./expand.ts";
import { loadExperiment } from "./load.ts";
import { Preparer } from "./prepare.ts";
import type { Request } from "./request.ts";
import type { Result } from "./results.ts";

/** The first line of standard input. */
export interface WorkerRequest {
  readonly request: Request;
  /** URL of the experiment's file. */
  readonly experiment: string;
  readonly modules: readonly string[];
}

/** Each further line: a run by its place among the experiment's, and its id. */
export interface WorkerOrder {
  readonly place: number;
  readonly id: string;
}

/** A line of standard output. */
export type WorkerMessage =
  | { readonly type: "ready" }
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "event"; readonly event: TrainingEvent }
  | { readonly type: "done"; readonly result: Result }
  | { readonly type: "failed"; readonly error: string; readonly stack: string }
  | { readonly type: "interrupted" };

const encoder = new TextEncoder();

function say(message: WorkerMessage): void {
  const line = encoder.encode(JSON.stringify(message) + "\n");
  for (let at = 0; at < line.length;) at += Deno.stdout.writeSync(line.subarray(at));
}

/** Runs until standard input ends or an interrupt comes, which takes effect after the step at hand. */
export async function work(lines: AsyncIterable<string>, parts: Parts): Promise<void> {
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => interrupted = true);
  const pause = async () => {
    await new Promise((resume) => setTimeout(resume, 0)); // signals are delivered between tasks
    if (interrupted) throw new Interrupted("Interrupted.");
  };
  const note = (message: string) => say({ type: "note", message });
  const input = lines[Symbol.asyncIterator]();
  const first = await input.next();
  if (first.done) return;
  const { request, experiment, modules } = JSON.parse(first.value) as WorkerRequest;
  try {
    const { backend, device, threads } = request;
    const engine = useEngine(
      await backendNamed(backend, parts).start({ ...(device && { device }), ...(threads && { threads }), note }),
    );
    const specs = expand(await loadExperiment(experiment), request, parts);
    const preparer = new Preparer(parts, {
      ...(request.data !== undefined && { data: request.data }),
      modules,
      note: () => {},
    });
    const shareFineTuned = specs.some(({ method: { policy } }) => policy?.needs?.includes("fineTunedModel"));
    const common = {
      keepModel: request.keepModels,
      fineTuned: `${request.runs}/fine-tuned`,
      shareFineTuned,
      note,
      pause,
    };
    note(`Computing with ${engine.description.library} on the ${engine.device.toUpperCase()}.`);
    say({ type: "ready" });
    for (let order = await input.next(); !order.done && !interrupted; order = await input.next()) {
      const { place, id } = JSON.parse(order.value) as WorkerOrder;
      const folder = `${request.runs}/${id}`;
      const event = (event: TrainingEvent) => say({ type: "event", event });
      try {
        const run = await preparer.prepare(specs[place]!);
        if (run.id !== id) throw new Error(`Run ${id} became ${run.id}: its files or modules changed while it waited.`);
        say({ type: "done", result: await execute(run, { ...common, folder, event }) });
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        say(failure(error));
      }
    }
  } catch (error) {
    if (error instanceof Interrupted) return say({ type: "interrupted" });
    say(failure(error));
  }
}

const failure = (error: unknown): WorkerMessage => ({
  type: "failed",
  error: messageOf(error),
  stack: error instanceof Error ? error.stack ?? "" : "",
});
