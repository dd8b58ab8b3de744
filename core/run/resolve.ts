/**
 * Runs whose models and data are found and checked, before anything starts.
 *
 * @module
 */
import { precisionOf } from "../backend/precision.ts";
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Head } from "../model/head.ts";
import type { Architecture, LanguageModel } from "../model/model.ts";
import { checkPretrained } from "../model/pretrained.ts";
import { checkTokenizerFit } from "../model/tokenizer_fit.ts";
import { RandomKey } from "../random.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { digest, RESULTS_VERSION } from "../results/result.ts";
import type { Example, Metrics, Task, TaskData } from "../task.ts";
import { type ExampleSets, roundsOf, runLength, splitExamples, trainingParts } from "../training/data_split.ts";
import type { TrainingSettings } from "../training/settings.ts";
import { findModel, type FoundModel } from "./found_model.ts";
import { modelKey, plainOf, type RunOutline, type RunSpec } from "./run_spec.ts";
import { loadTaskData } from "./task_data.ts";
import { taskFor, withTokenizer } from "./task_for_model.ts";

/** Everything that can change the numbers of a run. */
export type RunSettings = { readonly training: TrainingSettings } & { readonly [name: string]: Json };

/** A run that can start, with the files of its model. */
export interface ResolvedRun extends RunOutline, Omit<FoundModel, "name" | "config"> {
  readonly id: string;
  readonly examples: ExampleSets<Example>;
  /** More dev sets, by name, for runs that are evaluated on the whole dev set. */
  readonly additionalDev: { readonly [name: string]: readonly Example[] };
  /** The metrics of a model that predicts all but the noise of the evaluated examples; absent if unknown. */
  readonly ceiling?: Metrics;
  /** Where the examples came from. */
  readonly origin: TaskData["origin"];
  /** The run's id is their digest. */
  readonly settings: RunSettings;
  readonly needs?: ResolvedRun;
}

/** Where models and data are looked for. */
export interface ResolverOptions {
  /** `--data`. */
  readonly data?: string | undefined;
  /** `--backend`. @default the program's first */
  readonly backend?: string | undefined;
  /** `--device`. @default a GPU if there is one */
  readonly device?: "cpu" | "gpu" | undefined;
  readonly note: (message: string) => void;
  /** Digests of plugin modules from outside the tree. */
  readonly modules?: readonly string[];
}

/** Finds the models and data of runs, each of them once. */
export class RunResolver {
  readonly #models = new Map<string, Promise<FoundModel>>();
  readonly #data = new Map<string, Promise<TaskData>>();
  readonly #checked = new Set<string>();

  constructor(readonly parts: Registry, readonly options: ResolverOptions) {}

  /** Everything that one run needs; a mistake is a {@linkcode RequestError}. */
  async prepare(requested: RunSpec): Promise<ResolvedRun> {
    const model = await this.model(requested.model);
    const task = withTokenizer(taskFor(model.plugin, requested.task), model.tokenizer);
    const spec = { ...requested, task };
    const { policy } = spec.method;
    const backend = backendNamed(this.options.backend, this.parts);
    // Where a GPU is requested the runs may be done on another machine.
    const device = backend.hasGpu ? this.options.device ?? (backend.hasGpu() ? "gpu" : "cpu") : "cpu";
    const training = { ...spec.training, precision: precisionOf(spec.training.precision, { backend, device }) };
    const architecture = architectureOf(model, task.head);
    await this.#check(model, architecture);
    if (training.maxLength > architecture.maxLength) {
      throw new RequestError(
        `training.maxLength: ${model.name} takes at most ${architecture.maxLength} tokens, got ${training.maxLength}.`,
      );
    }
    const data = await this.load(spec.task);
    const hasPairs = [data.train, data.dev].some((examples) => examples.some(({ texts }) => texts.length === 2));
    checkTokenizerFit(model.tokenizer, { architecture, model: model.name, hasPairs });
    const { modules } = this.options;
    const settings = settingsOf({ ...spec, training }, {
      model,
      origin: data.origin,
      // Each backend rounds in its own way; the default one is not named.
      ...(backend !== this.parts.backends[0] && { backend: backend.name }),
      ...(modules?.length && { modules }),
    });
    const examples = splitExamples(data, training);
    const { train } = trainingParts(examples, { settings: training, key: RandomKey.of(spec.seed) });
    const length = runLength(training, train.length);
    if (policy) roundsOf(policy, length); // throws if its rounds do not fit the run
    const scoresFineTuned = policy?.needs?.includes("fineTunedModel");
    const needs = scoresFineTuned && await this.prepare(plainOf(spec));
    const { name, config: _, ...files } = model;
    return {
      id: await digest(settings),
      spec: { ...spec, training },
      ...(needs && { needs }),
      ...files,
      model: name,
      architecture,
      examples,
      additionalDev: training.split === "dev" ? data.additionalDev ?? {} : {},
      ...(data.ceiling && training.split === "dev" && { ceiling: data.ceiling }),
      origin: data.origin,
      settings,
      trainingExamples: train.length,
      steps: length.steps,
    };
  }

  /** Finds a model's files. */
  model(model: string | LanguageModel): Promise<FoundModel> {
    return this.#models.getOrInsertComputed(modelKey(model), () => findModel(model, this.parts));
  }

  // Names and shapes of the weights, once for each model and head. An untrained model has none.
  async #check(model: FoundModel, architecture: Architecture): Promise<void> {
    if (model.plugin.untrained) return;
    const key = `${model.weights.path} ${JSON.stringify(architecture.config)}`;
    if (this.#checked.has(key)) return;
    this.#checked.add(key);
    checkPretrained(await model.weights.read(), {
      architecture,
      note: (message) => this.options.note(`${model.name}: ${message}`),
    });
  }

  /** Loads a task's data and checks them. */
  load(task: Task): Promise<TaskData> {
    return this.#data.getOrInsertComputed(
      JSON.stringify([task.name, task.options ?? {}]),
      () => loadTaskData(task, { folder: this.options.data, sources: this.parts.sources }),
    );
  }
}

/** What a run's id is the digest of. */
function settingsOf(
  { task, method: { decomposition, policy }, seed, training }: RunSpec,
  { model: { plugin, digests }, origin, ...more }: {
    readonly model: FoundModel;
    readonly origin: TaskData["origin"];
    readonly backend?: string;
    readonly modules?: readonly string[];
  },
): RunSettings {
  return {
    resultsVersion: RESULTS_VERSION,
    model: { name: plugin.name, options: plugin.options, ...digests },
    task: { name: task.name, options: task.options ?? {}, files: origin.files },
    method: {
      decomposition: decomposition
        ? {
          ...optionsOf(decomposition),
          ...(decomposition.reference && { reference: optionsOf(decomposition.reference) }),
        }
        : null,
      policy: policy ? optionsOf(policy) : null,
    },
    seed,
    training,
    ...more,
  };
}

/** The architecture that a model's config describes; an error says whose config it is. */
function architectureOf({ plugin, config, name }: FoundModel, head: Head): Architecture {
  try {
    return plugin.architecture(config, head);
  } catch (error) {
    throw error instanceof RequestError ? new RequestError(`${name}: ${error.message}`) : error;
  }
}

const optionsOf = ({ name, options }: { readonly name: string; readonly options: Json }) => ({ name, options });
