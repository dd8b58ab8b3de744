/**
 * Fuzzes a reader in a thread that another one watches.
 *
 * @module
 */
import { type FileReader, type Finding, fuzz, type FuzzOptions } from "./_fuzz.ts";

/** Which mutations of which reader to try. */
export interface FuzzRequest extends FuzzOptions {
  /** URL of a module that exports `readers()`. */
  readonly module: string;
  /** The name of one of them. */
  readonly reader: string;
}

/** What a worker is to do. */
export interface WorkerRequest extends FuzzRequest {
  /** Its counts: see {@linkcode COUNTS}. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

/** Places in the counts, which the watching thread reads. */
export const COUNTS = { started: 0, read: 1, refused: 2 } as const;

/** A finding, or the end: with the message of an error that is not a reader's, if there is one. */
export type WorkerMessage = { readonly finding: Finding } | { readonly end: string | undefined };

// Types know the main thread's scope alone; a worker's has what the Worker on the other side has.
const scope = self as unknown as Worker;
const post = (message: WorkerMessage) => scope.postMessage(message);

scope.addEventListener("message", async ({ data }) => {
  const { module, reader: name, counts, ...options } = data as WorkerRequest;
  try {
    const { readers } = await import(module) as { readers(): Promise<FileReader[]> };
    const reader = (await readers()).find((reader) => reader.name === name);
    if (!reader) throw new Error(`no reader "${name}"`);
    for await (const outcome of fuzz(reader, { ...options, onStart: () => Atomics.add(counts, COUNTS.started, 1) })) {
      if (typeof outcome === "string") Atomics.add(counts, COUNTS[outcome], 1);
      else post({ finding: outcome });
    }
    post({ end: undefined });
  } catch (error) {
    post({ end: String(error) });
  }
});
