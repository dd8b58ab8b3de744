/**
 * Runs whose models and data are found and checked, before anything starts.
 *
 * @module
 */
import { readTextFile } from "../io/text_file.ts";
import { sha256OfFile } from "../io/cache.ts";
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import { type Head, labelProblem } from "../model/head.ts";
import type { Architecture, LanguageModel } from "../model/model.ts";
import type { Backend, Precision } from "../backend/engine.ts";
import { backendNamed, modelFor, type Registry } from "../registry.ts";
import { checkPretrained, readConfig } from "../model/pretrained.ts";
import { NO_WEIGHTS, openWeights, type WeightsFile } from "../model/weights_file.ts";
import { fromFirstSource, type Repository } from "../source.ts";
import { type Example, type Metrics, primaryMetric, type Task, type TaskData } from "../task.ts";
import { checkTokenizerFit } from "../model/tokenizer_fit.ts";
import { loadTokenizer, type Tokenizer, tokenizerFiles as tokenizerFileNames } from "../model/tokenizer.ts";
import { type ExampleSets, roundsOf, runLength, splitExamples, trainingParts } from "../training/data_split.ts";
import type { TrainingSettings } from "../training/settings.ts";
import { RandomKey } from "../random.ts";
import { type BaseCard, readBaseCard } from "./model_card.ts";
import { modelKey, plainOf, type RunOutline, type RunSpec } from "./run_spec.ts";
import { digest, RESULTS_VERSION } from "../results/result.ts";

/** Everything that can change the numbers of a run. */
export type RunSettings = { readonly training: TrainingSettings } & { readonly [name: string]: Json };

/** A file of a repository, and where it lies. */
export interface RepositoryFile {
  readonly name: string;
  readonly path: string;
}

/** A run that can start. */
export interface ResolvedRun extends RunOutline {
  readonly id: string;
  readonly plugin: LanguageModel;
  readonly repository: Repository;
  readonly tokenizer: Tokenizer;
  /** The files that the tokenizer was made from. */
  readonly tokenizerFiles: readonly RepositoryFile[];
  /** What the base model's card says. */
  readonly base: BaseCard;
  readonly weights: WeightsFile;
  /** Of the model's files. */
  readonly digests: FoundModel["digests"];
  readonly examples: ExampleSets<Example>;
  /** More dev sets, by name, for runs that are evaluated on the whole dev set. */
  readonly additionalDev: { readonly [name: string]: readonly Example[] };
  /** The metrics of a model that predicts all but the noise of the evaluated examples; absent if unknown. */
  readonly ceiling?: Metrics;
  /** Where they came from. */
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

/** A model whose files are found. */
export interface FoundModel {
  readonly name: string;
  readonly plugin: LanguageModel;
  readonly repository: Repository;
  readonly config: { readonly [key: string]: Json };
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: readonly RepositoryFile[];
  readonly base: BaseCard;
  readonly weights: WeightsFile;
  readonly digests: { readonly weights: string; readonly config: string; readonly tokenizer: string };
}

/** Finds the models and data of runs, each of them once. */
export class RunResolver {
  readonly #models = new Map<string, Promise<FoundModel>>();
  readonly #data = new Map<string, Promise<TaskData>>();
  readonly #checked = new Set<string>();

  constructor(readonly parts: Registry, readonly options: ResolverOptions) {}

  /** Everything that one run needs; a mistake is a {@linkcode RequestError}. */
  async prepare(given: RunSpec): Promise<ResolvedRun> {
    const model = await this.model(given.model);
    const asked = taskFor(model.plugin, given.task);
    const spec = { ...given, task: asked.withTokenizer?.(model.tokenizer) ?? asked };
    const { task, method: { decomposition, policy } } = spec;
    const backend = backendNamed(this.options.backend, this.parts);
    // Where a GPU is requested the runs may be done on another machine.
    const device = backend.hasGpu ? this.options.device ?? (backend.hasGpu() ? "gpu" : "cpu") : "cpu";
    const training = { ...spec.training, precision: precisionOf(spec.training, { backend, device }) };
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
    const settings = {
      resultsVersion: RESULTS_VERSION,
      model: { name: model.plugin.name, options: model.plugin.options, ...model.digests },
      task: { name: task.name, options: task.options ?? {}, files: data.origin.files },
      method: {
        decomposition: decomposition
          ? {
            ...optionsOf(decomposition),
            ...(decomposition.reference && { reference: optionsOf(decomposition.reference) }),
          }
          : null,
        policy: policy ? optionsOf(policy) : null,
      },
      seed: spec.seed,
      training,
      // Each backend rounds in its own way; the default one is not named.
      ...(backend !== this.parts.backends[0] && { backend: backend.name }),
      ...(this.options.modules?.length && { modules: this.options.modules }),
    };
    const examples = splitExamples(data, training);
    const { train } = trainingParts(examples, { settings: training, key: RandomKey.of(spec.seed) });
    const length = runLength(training, train.length);
    if (policy) roundsOf(policy, length); // throws if its rounds do not fit the run
    const scoresFineTuned = policy?.needs?.includes("fineTunedModel");
    const needs = scoresFineTuned && await this.prepare(plainOf(spec));
    return {
      id: await digest(settings),
      spec: { ...spec, training },
      ...(needs && { needs }),
      model: model.name,
      plugin: model.plugin,
      repository: model.repository,
      architecture,
      tokenizer: model.tokenizer,
      tokenizerFiles: model.tokenizerFiles,
      base: model.base,
      weights: model.weights,
      digests: model.digests,
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
    return this.#models.getOrInsertComputed(modelKey(model), async () => {
      const source = typeof model === "string" ? model : model.source;
      const revision = typeof model === "string" ? undefined : model.revision;
      const name = { kind: "model", id: source, ...(revision !== undefined && { revision }) } as const;
      const repository = await fromFirstSource(this.parts.sources, {
        name,
        read: (repository) => repository,
        what: `The model "${source}" was not found`,
      });
      const config = await readConfig(repository);
      const plugin = typeof model === "string"
        ? modelFor(config.model_type, { source, plugins: this.parts.plugins })
        : model;
      const weights = plugin.untrained ? NO_WEIGHTS : await openWeights(repository);
      const tokenizerOptions = { tokenizerClass: plugin.tokenizer };
      const tokenizer = await loadTokenizer(repository, tokenizerOptions);
      const tokenizerFiles = await filesOf(repository, await tokenizerFileNames(repository, tokenizerOptions));
      const card = await repository.file("README.md");
      return {
        name: nameOf(plugin),
        plugin,
        repository,
        config,
        tokenizer,
        tokenizerFiles,
        base: card === undefined ? {} : readBaseCard(await readTextFile(card).catch(() => "")),
        weights,
        digests: {
          weights: weights.digest,
          config: await digest(config),
          tokenizer: await digest(await Promise.all(tokenizerFiles.map(({ path }) => sha256OfFile(path)))),
        },
      };
    });
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

  /** Loads a task's data and checks their labels. */
  load(task: Task): Promise<TaskData> {
    return this.#data.getOrInsertComputed(JSON.stringify([task.name, task.options ?? {}]), async () => {
      const { data } = this.options;
      primaryMetric(task); // throws if it is not one of the task's metrics
      const loaded = await task.load({ ...(data !== undefined && { folder: data }), sources: this.parts.sources });
      const { train, dev, additionalDev = {} } = loaded;
      for (const name of Object.keys(additionalDev)) {
        if (/^[\w-]+$/.test(name) && name !== "dev") continue;
        throw new RequestError(
          `${task.name}: expected letters, digits, - and _ as the name of a dev set, got "${name}".`,
        );
      }
      const isMetric = (name: string) => task.metrics.some((metric) => metric.name === name);
      for (const [split, examples] of Object.entries({ train, dev, ...additionalDev })) {
        if (isMetric(split)) throw new RequestError(`${task.name}: "${split}" names both a metric and a dev set.`);
        if (examples.length === 0) throw new RequestError(`${task.name}: its ${split} set is empty.`);
        for (const { index, label } of examples) {
          const problem = labelProblem(label, task.head);
          if (problem) throw new RequestError(`${task.name}, label of ${split} example ${index}: ${problem}.`);
        }
      }
      return loaded;
    });
  }
}

/** The precision that a run's matrix products have on a device. */
function precisionOf(
  { precision: requested }: TrainingSettings,
  { backend, device }: { readonly backend: Backend; readonly device: "cpu" | "gpu" },
): Precision {
  const known = backend.precisions?.(device) ?? ["float32"];
  const precision = requested ?? known[0]!;
  if (known.includes(precision)) return precision;
  throw new RequestError(
    `training.precision: expected ${known.join(" or ")}, which the backend ${backend.name} has on the ` +
      `${device.toUpperCase()}, got ${precision}.`,
  );
}

/** The architecture that a model's config describes; an error says whose config it is. */
function architectureOf({ plugin, config, name }: FoundModel, head: Head): Architecture {
  try {
    return plugin.architecture(config, head);
  } catch (error) {
    throw error instanceof RequestError ? new RequestError(`${name}: ${error.message}`) : error;
  }
}

/** A task as a model takes it. */
export const taskFor = ({ answersInWords }: LanguageModel, task: Task): Task =>
  answersInWords ? task : task.inClasses ?? task;

/** A model's name in tables. */
export const nameOf = ({ title, source }: LanguageModel): string => title ?? source;

// Those of these files that a repository has.
async function filesOf(repository: Repository, names: readonly string[]): Promise<RepositoryFile[]> {
  const files = await Promise.all(names.map(async (name) => ({ name, path: await repository.file(name) })));
  return files.flatMap(({ name, path }) => path === undefined ? [] : [{ name, path }]);
}

const optionsOf = ({ name, options }: { readonly name: string; readonly options: Json }) => ({ name, options });
