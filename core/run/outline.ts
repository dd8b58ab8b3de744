/**
 * What is known about a run before its model and its data are available: enough to estimate its cost.
 *
 * @module
 */
import { NotFoundError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Architecture, LanguageModel } from "../model/model.ts";
import { modelFor, type Registry } from "../registry.ts";
import { RandomKey } from "../random.ts";
import { roundsOf, runLength, splitExamples, trainingParts } from "../training/data_split.ts";
import type { TrainingSettings } from "../training/settings.ts";
import { nameOf } from "./found_model.ts";
import type { RunResolver } from "./resolve.ts";
import { modelKey, plainOf, type RunOutline, type RunSpec } from "./run_spec.ts";
import { taskFor } from "./task_for_model.ts";

/** The same text for the same run. */
export const keyOf = ({ id, model, spec: { task, seed, training, method: { decomposition, policy } } }: RunOutline) =>
  id ?? JSON.stringify([model, task.name, task.options, seed, training, partOf(decomposition), partOf(policy)]);

const partOf = (part: { readonly name: string; readonly options: Json } | undefined) =>
  part ? [part.name, part.options] : null;

interface Rows {
  readonly train: number;
  readonly dev: number;
}

/** Outlines runs from what is available, and otherwise from known sizes of models and the row counts of published data. */
export class Outliner {
  readonly #missing = new Map<object | string, Promise<string | undefined>>();
  readonly #architectures = new Map<string, Architecture>();

  constructor(readonly parts: Registry, readonly preparer: RunResolver) {}

  /** The run; a mistake is a `RequestError`, and so is a model or dataset that nothing is known about. */
  async outline(spec: RunSpec): Promise<RunOutline> {
    const model = modelKey(spec.model);
    const noModel = await this.#absence(model, () => this.preparer.model(spec.model));
    const noData = await this.#absence(spec.task, () => this.preparer.load(spec.task));
    if (noModel === undefined && noData === undefined) return await this.preparer.prepare(spec);
    const { plugin, config } = noModel === undefined
      ? await this.preparer.model(spec.model)
      : this.#known(spec.model, noModel);
    const rows = noData === undefined ? await this.#rows(spec) : spec.task.rows;
    if (!rows) throw new NotFoundError(noData);
    const { head } = taskFor(plugin, spec.task);
    const trainingExamples = examplesOf(rows, spec.training);
    const length = runLength(spec.training, trainingExamples);
    const { policy } = spec.method;
    if (policy) roundsOf(policy, length);
    return {
      id: null,
      spec,
      model: nameOf(plugin),
      architecture: this.#architectures.getOrInsertComputed(
        JSON.stringify([model, head]),
        () => plugin.architecture(config, head),
      ),
      trainingExamples,
      steps: length.steps,
      ...(policy?.needs?.includes("fineTunedModel") && { needs: await this.outline(plainOf(spec)) }),
    };
  }

  /** A sentence for each thing that was not found. */
  async missing(): Promise<string[]> {
    return (await Promise.all(this.#missing.values())).filter((why) => why !== undefined);
  }

  // Why something was not found; each is looked for once.
  #absence(what: object | string, find: () => Promise<unknown>): Promise<string | undefined> {
    return this.#missing.getOrInsertComputed(what, () =>
      find().then(() => undefined, (error) => {
        if (error instanceof NotFoundError) return error.message;
        throw error;
      }));
  }

  #known(model: string | LanguageModel, why: string): { plugin: LanguageModel; config: { [key: string]: Json } } {
    const source = typeof model === "string" ? model : model.source;
    const config = Object.entries(this.parts.configs ?? {}).find(([name]) => name === source)?.[1];
    if (!config) throw new NotFoundError(`${why} Its sizes are not known either.`);
    const { plugins } = this.parts;
    return { plugin: typeof model === "string" ? modelFor(config.model_type, { source, plugins }) : model, config };
  }

  async #rows({ task }: RunSpec): Promise<Rows> {
    const { train, dev } = await this.preparer.load(task);
    return { train: train.length, dev: dev.length };
  }
}

// The number of examples that a run trains on: the same for every seed, and for every run with these settings.
function examplesOf({ train, dev }: Rows, settings: TrainingSettings): number {
  const { split, keep, heldOut, trainExamples } = settings;
  return LENGTHS.getOrInsertComputed(JSON.stringify([train, dev, split, keep, heldOut, trainExamples]), () => {
    const sets = splitExamples({ train: Array.from({ length: train }), dev: Array.from({ length: dev }) }, settings);
    return trainingParts(sets, { settings, key: RandomKey.of(0) }).train.length;
  });
}

const LENGTHS = new Map<string, number>();
