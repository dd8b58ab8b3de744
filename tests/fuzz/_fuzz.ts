/**
 * Reads mutated files and classifies each outcome.
 *
 * @module
 */
import { messageOf, RandomKey, RequestError } from "@opf/framework";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { Draws, mutate, type SeedFile } from "./_mutate.ts";

/** Something that reads files that others wrote. */
export interface FileReader {
  readonly name: string;
  /** Valid files, which are mutated in turn. */
  readonly seeds: readonly SeedFile[];
  /**
   * Reads the file at `path`, and throws a {@linkcode Contradiction} where what was read is not what the file holds.
   *
   * @returns `undefined` for a right read, or the message of a refusal that is not thrown
   */
  read(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined>;
  /** What a refusal must name. @default the file's name */
  readonly names?: RegExp;
  /** Mutations in the gate. @default 2000 */
  readonly count?: number;
}

/** A value that the file does not hold, or that contradicts itself. */
export class Contradiction extends Error {}

/** A mutation whose outcome is wrong. */
export interface Finding {
  readonly index: number;
  readonly problem: string;
}

/** Which mutations to try. */
export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  /** The first of them. @default 0 */
  readonly first?: number;
  readonly folder: string;
}

/** A read that computes for longer is a hang: not one that waits for a busy machine. */
export const MAX_SECONDS = 5;
const MAX_BYTES = 500e6;
const MAX_MESSAGE = 1000;
// What the engine says of a value that was not checked.
const RAW =
  /cannot read propert|is not a function|is not iterable|is not defined|undefined \(|call stack|invalid (typed )?array|out of bounds|cannot convert|unexpected end of json input of|ZodError|invalid string length/i;

/** Mutates the seeds of a reader `count` times, and reads each: a right read, a refusal, or what is wrong. */
export async function* fuzz(
  reader: FileReader,
  { seed, count, first = 0, folder, onStart }: FuzzOptions & { readonly onStart?: () => void },
): AsyncGenerator<"read" | "refused" | Finding> {
  const key = RandomKey.of(seed).fold(reader.name);
  for (let index = first; index < first + count; index++) {
    const file = reader.seeds[index % reader.seeds.length]!;
    const bytes = mutate(file, new Draws(key.fold(index)));
    onStart?.();
    const outcome = await readMutation(reader, { name: file.name, bytes, folder });
    yield typeof outcome === "string" ? outcome : { index, problem: `${file.name}: ${outcome.problem}` };
  }
}

/** What comes of one file. */
async function readMutation(
  reader: FileReader,
  { name, bytes, folder }: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly folder: string },
): Promise<"read" | "refused" | { readonly problem: string }> {
  const path = join(folder, name);
  await Deno.writeFile(path, bytes);
  const [before, start] = [memory(), cpuSeconds()];
  const outcome = await reader.read(path, bytes).then(
    (message) => message === undefined ? "read" : judge(new RequestError(message), reader.names ?? name),
    (error) => judge(error, reader.names ?? name),
  );
  const [grown, seconds] = [memory() - before, cpuSeconds() - start];
  if (seconds > MAX_SECONDS) return { problem: `it took ${seconds.toFixed(1)} s` };
  if (grown > MAX_BYTES) return { problem: `it took ${(grown / 1e6).toFixed(0)} MB` };
  return outcome;
}

/** Seconds that all threads of the process have computed for. */
export function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

function memory(): number {
  const { rss, external } = Deno.memoryUsage();
  return Math.max(rss, external);
}

// A refusal is one sentence that names the file.
function judge(error: unknown, names: string | RegExp): "refused" | { readonly problem: string } {
  const message = messageOf(error);
  const problem = (what: string) => ({ problem: `${what}: ${(error as Error)?.name}: ${message.slice(0, 300)}` });
  if (error instanceof Contradiction) return problem("a wrong read");
  if (!(error instanceof RequestError)) return problem("a raw error");
  if (RAW.test(message)) return problem("the engine's words");
  if (/\p{Cc}/u.test(message)) return problem("a control character");
  if (message.length > MAX_MESSAGE) return problem("a long message");
  if (typeof names === "string" ? !message.includes(names) : !names.test(message)) return problem("no file's name");
  return "refused";
}
