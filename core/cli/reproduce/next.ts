/**
 * What to run after an experiment.
 *
 * @module
 */
import type { Experiment } from "../../experiment/define.ts";
import { outlineExperiment } from "../../experiment/dry_run.ts";
import { experimentUrl } from "../../experiment/load.ts";
import type { Registry } from "../../registry.ts";
import { counted } from "../../report/numbers.ts";
import { approximateDuration } from "../format.ts";
import { userFolder } from "../paths.ts";
import { estimate } from "./estimate.ts";

/** The commands that follow, each with its estimated time, from known sizes: nothing is fetched. */
export async function nextCommands({ next = [] }: Experiment, registry: Registry): Promise<string[]> {
  return await Promise.all(next.map(async (args) => {
    const where = { experiments: new URL("experiments/", registry.root), cwd: userFolder() };
    const url = await experimentUrl(args.split(" ")[0]!, where);
    const request = { runs: "", keepModels: false, tensorboard: false };
    const { runs } = await outlineExperiment(url, {
      request,
      registry: { ...registry, sources: [] },
      note: () => {},
    });
    const seconds = runs.reduce((sum, run) => sum + estimate(run).estimate.seconds, 0);
    return `deno task reproduce ${args}   (${counted(runs.length, "run")}, about ${
      approximateDuration(seconds)
    } on two cores)`;
  }));
}
