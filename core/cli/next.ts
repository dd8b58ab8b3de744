/**
 * What to do after an experiment, and how long it will take.
 *
 * @module
 */
import type { Experiment } from "../experiment/define.ts";
import { experimentUrl } from "../experiment/load.ts";
import { outlineExperiment } from "../experiment/dry_run.ts";
import type { Registry } from "../registry.ts";
import { estimate } from "./estimate.ts";
import { userFolder } from "./paths.ts";

/** The commands that come next, each with its estimated hours by the sizes that are known: nothing is fetched. */
export async function nextCommands({ next = [] }: Experiment, parts: Registry): Promise<string[]> {
  return await Promise.all(next.map(async (words) => {
    const where = { experiments: new URL("experiments/", parts.root), cwd: userFolder() };
    const url = await experimentUrl(words.split(" ")[0]!, where);
    const request = { runs: "", keepModels: false, tensorboard: false };
    const { runs } = await outlineExperiment(url, { request, parts: { ...parts, sources: [] }, note: () => {} });
    const hours = runs.reduce((sum, run) => sum + estimate(run).estimate.seconds, 0) / 3600;
    return `deno task reproduce ${words}   (${runs.length} runs, about ${hours.toPrecision(2)} hours on two cores)`;
  }));
}
