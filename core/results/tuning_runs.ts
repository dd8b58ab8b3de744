/**
 * `RUNS/experiments/<name>.tuning.jsonl`: the runs by which the settings of an experiment are being chosen, which are in no
 * manifest.
 *
 * @module
 */
import { z } from "zod";
import { experimentFileName } from "./experiment_name.ts";
import { type ListedRun, listedRunFields } from "./manifest.ts";
import { writeTextAtomic } from "./result.ts";
import { readStoredLines } from "./stored_json.ts";

const schema: z.ZodType<ListedRun> = z.object(listedRunFields);

const pathOf = (name: string, folder: string) => `${folder}/experiments/${experimentFileName(name)}.tuning.jsonl`;

/** Writes the runs of all stages so far, in place of earlier ones. */
export async function writeTuningRuns(
  runs: readonly ListedRun[],
  { name, folder }: { readonly name: string; readonly folder: string },
): Promise<void> {
  await Deno.mkdir(`${folder}/experiments`, { recursive: true });
  await writeTextAtomic(pathOf(name, folder), runs.map((run) => JSON.stringify(run) + "\n").join(""));
}

/** The runs that were written last; none if nothing is tuned. */
export const readTuningRuns = async (name: string, folder: string): Promise<ListedRun[]> =>
  await readStoredLines(pathOf(name, folder), schema) ?? [];
