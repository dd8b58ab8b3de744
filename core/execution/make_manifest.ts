/**
 * The manifest of an experiment from its declaration and its runs.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { experimentName } from "../experiment/load.ts";
import { overridesOf } from "../experiment/request.ts";
import { sha256OfFile } from "../io/cache.ts";
import type { ExperimentManifest, Tuned } from "../results/manifest.ts";
import { publishedSchema } from "../results/published_scores.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { BASELINE_METHOD } from "../run/run_spec.ts";
import type { Plan } from "./plan.ts";
import { referenceBaselines } from "./reference_baselines.ts";

/** The manifest of an experiment, whose final runs are known. */
export async function makeManifest(
  { experiment, url, modules, request, registry: { root }, grid: { contrasts, modelContrasts }, references }: Plan,
  { runs, tuned }: { readonly runs: readonly ResolvedRun[]; readonly tuned: readonly Tuned[] },
): Promise<ExperimentManifest> {
  const { name, description, published } = experiment;
  const methods = runs.map(({ spec }) => spec.base);
  return {
    experiment: name,
    declaration: {
      file: experimentName(url, new URL("experiments/", root)),
      sha256: url.startsWith("file:") ? await sha256OfFile(fileURLToPath(url)) : null,
      modules,
      changes: overridesOf(request),
    },
    ...(description !== undefined && { description }),
    ...(published && { published: publishedSchema.parse(published) }),
    baseline: experiment.baseline ?? (methods.includes(BASELINE_METHOD) ? BASELINE_METHOD : methods[0]!),
    ...(contrasts && { contrasts }),
    ...(modelContrasts && { modelContrasts }),
    ...(tuned.length > 0 && { tuned }),
    grounds: referenceBaselines(runs, references),
    runs: runs.map(({ id, model, spec: { task, label, base, point, seed } }) => ({
      id,
      model,
      task: task.name,
      method: label,
      seed,
      base,
      point,
    })),
  };
}
