/**
 * Fuzzes a reader in a thread, and ends the process where a mutation hangs or takes all memory: threads cannot be ended
 * alone. Takes a {@linkcode FuzzRequest} as its argument, and prints messages as JSON lines.
 *
 * @module
 */
import { cpuSeconds, type Finding, MAX_SECONDS } from "./_fuzz.ts";
import { COUNTS, type FuzzRequest, type WorkerMessage } from "./_worker.ts";

/** A finding; or the end, after so many mutations. */
export type ProcessMessage =
  | { readonly finding: Finding }
  | {
    readonly started: number;
    readonly read: number;
    readonly refused: number;
    /** Why the last one was ended. */
    readonly problem?: string;
    /** An error that is not a reader's. */
    readonly error?: string;
  };

// A read that allocates more is ended before the machine runs out; those of less are measured where they end.
const MAX_GROWTH = 2e9;
const LOOK_EVERY = 100; // ms
// One that computes nothing waits for what never comes.
const PATIENCE_SECONDS = 240;

function main(request: FuzzRequest): void {
  const counts = new Int32Array(new SharedArrayBuffer(4 * Object.keys(COUNTS).length));
  const countOf = (name: keyof typeof COUNTS) => Atomics.load(counts, COUNTS[name]);
  const write = (message: ProcessMessage) => {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    for (let offset = 0; offset < bytes.length;) offset += Deno.stdout.writeSync(bytes.subarray(offset));
  };
  const end = (why: { readonly problem?: string; readonly error?: string } = {}): never => {
    write({ started: countOf("started"), read: countOf("read"), refused: countOf("refused"), ...why });
    Deno.exit();
  };
  const worker = new Worker(new URL("_worker.ts", import.meta.url).href, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if ("finding" in data) write(data);
    else end(data.end === undefined ? {} : { error: data.end });
  };
  worker.onerror = ({ message }) => end({ error: message });
  let [started, since, computed, memory] = [0, performance.now(), cpuSeconds(), Deno.memoryUsage().rss];
  setInterval(() => {
    const now = countOf("started");
    if (now > started) {
      [started, since, computed, memory] = [now, performance.now(), cpuSeconds(), Deno.memoryUsage().rss];
    }
    if (now === 0) return; // it is loading its modules
    const isHang = cpuSeconds() - computed > MAX_SECONDS + 1 || performance.now() - since > 1000 * PATIENCE_SECONDS;
    if (isHang) end({ problem: `it did not end within ${MAX_SECONDS} s` }); // else it is measured
    if (Deno.memoryUsage().rss - memory > MAX_GROWTH) end({ problem: `it took more than ${MAX_GROWTH / 1e6} MB` });
  }, LOOK_EVERY);
  worker.postMessage({ ...request, counts });
}

if (import.meta.main) main(JSON.parse(Deno.args[0]!));
