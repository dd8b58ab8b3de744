/**
 * What to do after an experiment, and how long it will take.
 *
 * @module
 */
import { Expansion } from "../experiment/expand.ts";
import { experimentUrl, loadExperiment } from "../experiment/load.ts";
import type { Experiment } from "../experiment/define.ts";
import { modelFor, type Parts } from "../parts.ts";
import { runLength } from "../training/plan.ts";
import { estimate } from "./estimate.ts";

/** The commands of the experiments that come next, each with its estimated hours; nothing is fetched. */
export async function nextCommands({ next = [] }: Experiment, parts: Parts): Promise<string[]> {
  return await Promise.all(next.map(async ({ experiment, data, config }) => {
    const url = await experimentUrl(experiment, { experiments: new URL("experiments/", parts.root), cwd: "" });
    const expansion = new Expansion(await loadExperiment(url), {}, parts);
    const runs = expansion.places.map((place) => {
      const spec = expansion.at(place);
      const { model, task, training } = spec;
      const plugin = typeof model === "string"
        ? modelFor(config.model_type, { source: model, plugins: parts.plugins })
        : model;
      const architecture = plugin.architecture(config, task.head);
      return estimate({ architecture, spec, steps: runLength(training, task.rows?.train ?? 0).steps });
    });
    const hours = runs.reduce((sum, { estimate: { seconds } }) => sum + seconds, 0) / 3600;
    return `deno task reproduce ${experiment}${data ? " --data FOLDER" : ""}` +
      `   (${runs.length} runs, about ${hours.toFixed(hours < 10 ? 1 : 0)} hours on two cores)`;
  }));
}
