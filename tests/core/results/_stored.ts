/**
 * Stored runs, to be damaged.
 *
 * @module
 */
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "../report/_made_up.ts";

/** Two methods with two seeds each, of 20 examples. */
export const RUNS = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO static": 0.8 }, seeds: [1, 2] }).map((run) => ({
  ...run,
  examples: 20,
}));

/** One of them. */
export const ID = RUNS[2]!.id;

/** A folder with the files of these runs, and their manifest. */
export const inRuns = (use: (runs: string) => Promise<void>) =>
  inFolder(async (runs) => {
    await writeMadeUp(runs, { experiment: "e", baseline: "fine-tuning", runs: RUNS });
    await use(runs);
  });

/** Replaces what is at a path of a JSON file. */
export async function change(file: string, path: readonly string[], value: unknown): Promise<void> {
  const json = JSON.parse(await Deno.readTextFile(file));
  // deno-lint-ignore no-explicit-any -- any JSON
  const parent = path.slice(0, -1).reduce((at: any, key) => at[key], json);
  parent[path.at(-1)!] = value;
  await Deno.writeTextFile(file, JSON.stringify(json));
}
