/**
 * Fuzzing that goes on where a reader hangs or takes all memory.
 *
 * @module
 */
import type { Finding, FuzzOptions } from "./_fuzz.ts";
import type { ProcessMessage } from "./_process.ts";
import type { FuzzRequest } from "./_worker.ts";

/** Outcomes of one reader. */
export interface Outcomes {
  readonly read: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
}

/** What is fuzzed. */
export interface WatchedOptions extends FuzzOptions {
  readonly reader: string;
  /** URL of the module with the readers. @default all of the project */
  readonly module?: string;
}

/** Fuzzes a reader in a process, and in another one from where that had to be ended. */
export async function fuzzWatched(
  { module = new URL("_readers.ts", import.meta.url).href, first = 0, count, ...options }: WatchedOptions,
): Promise<Outcomes> {
  let [done, read, refused] = [0, 0, 0];
  const findings: Finding[] = [];
  while (done < count) {
    const messages = await run({ ...options, module, first: first + done, count: count - done });
    for (const message of messages) {
      if ("finding" in message) findings.push(message.finding);
      else {
        if (message.error !== undefined) throw new Error(`Fuzzing ${options.reader}: ${message.error}`);
        [done, read, refused] = [done + message.started, read + message.read, refused + message.refused];
        if (message.problem !== undefined) findings.push({ index: first + done - 1, problem: message.problem });
      }
    }
  }
  return { read, refused, findings };
}

async function run(request: FuzzRequest): Promise<readonly ProcessMessage[]> {
  const script = new URL("_process.ts", import.meta.url).href;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", "--no-prompt", script, JSON.stringify(request)],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
  }).output();
  const messages = new TextDecoder().decode(stdout).split("\n").slice(0, -1)
    .map((line) => JSON.parse(line) as ProcessMessage);
  if (messages.some((message) => "started" in message)) return messages;
  throw new Error(`Fuzzing ${request.reader} died: ${new TextDecoder().decode(stderr).slice(-1000)}`);
}
