/**
 * The runs of an experiment, with what the command line changes of it.
 *
 * @module
 */
import { z } from "zod";
import { RequestError, unknownName } from "../errors.ts";
import { shortJson } from "../io/json_file.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import { type Registry, taskNamed } from "../registry.ts";
import type { Task } from "../task.ts";
import { TRAINING_DEFAULTS, trainingSchema } from "../training/settings.ts";
import { BASELINE_METHOD, modelKey, plainOf, type RunCoordinates, type RunSpec, type Values } from "../run/run_spec.ts";
import type { Overrides } from "../results/manifest.ts";
import { canonical } from "../results/result.ts";
import { checkDistinct } from "./distinct.ts";
import { joinMethodNames, parseSetting } from "./overrides.ts";
import { check } from "./check.ts";
import type { Experiment } from "./define.ts";
import { lastPart, setting } from "../report/setting.ts";

/** Seconds between two checkpoints, unless the experiment or `--set checkpoint.everySeconds` says otherwise. */
const CHECKPOINT_SECONDS = 60;

/** An experiment as the command line changed it: models × tasks × points of the sweep × methods × seeds. */
export class ExperimentGrid {
  /** The models that are compared; the reference model comes after them. */
  readonly #models: readonly (string | LanguageModel)[];
  readonly #tasks: readonly Task[];
  readonly #points: readonly Values[];
  readonly #seeds: readonly number[];
  /** Names of the methods to run at each point. */
  readonly #methods: readonly (readonly string[])[];
  /** The settings of `--set` by path. */
  readonly set: Values;

  /** Checks every name and value. */
  constructor(readonly experiment: Experiment, readonly changes: Overrides, { tasks }: Pick<Registry, "tasks">) {
    this.#models = changes.models ?? experiment.models;
    this.#tasks = (changes.tasks ?? experiment.tasks).map((task) =>
      typeof task === "string"
        ? experiment.tasks.find((declared): declared is Task =>
          typeof declared === "object" && declared.name === task
        ) ??
          taskNamed(task, { tasks })
        : task
    );
    this.#points = pointsOf(experiment);
    this.#seeds = changes.seeds ?? experiment.seeds;
    const set = (changes.set ?? []).map(parseSetting);
    this.set = Object.fromEntries(set);
    check(trainingSchema.partial(), applySettings(experiment, this.set).training, "--set training");
    this.#methods = this.#methodsByPoint();
    this.#checkSets(set.map(([path]) => path));
    this.#checkMethodNames();
    this.#checkTuning();
  }

  #checkSets(set: readonly string[]): void {
    const { name, sweep, tune = {}, tuningSeeds = [] } = this.experiment;
    const of = (list: string) => ({ what: `experiment "${name}": ${list}` });
    checkDistinct(this.#models, { ...of("models"), keyOf: modelKey, show: modelName });
    checkDistinct(this.#tasks.map(({ name }) => name), of("tasks"));
    checkDistinct(this.#seeds, of("seeds"));
    checkDistinct(tuningSeeds, of("tuningSeeds"));
    checkDistinct(set, { what: "--set" });
    if (sweep && !Array.isArray(sweep)) {
      for (const [path, values] of Object.entries(sweep)) {
        checkDistinct(values, { ...of(`sweep["${path}"]`), keyOf: canonical });
      }
    }
    checkDistinct(this.#points, { ...of("sweep"), keyOf: canonical });
    for (const [path, values] of Object.entries(tune)) {
      checkDistinct(values, { ...of(`tune["${path}"]`), keyOf: canonical });
    }
    const labels = this.#points.flatMap((point, index) => this.#methods[index]!.map((method) => label(method, point)));
    checkDistinct(labels, of("methods, with the points of the sweep"));
  }

  // The names that the declaration uses of its methods.
  #checkMethodNames(): void {
    const { name, baseline, contrasts = [], modelContrasts = [] } = this.experiment;
    const methods = Object.keys(this.experiment.methods(this.experiment.parameters));
    if (baseline !== undefined && !methods.includes(baseline)) throw unknownName("baseline", baseline, methods);
    const what = `experiment "${name}": contrasts`;
    for (const method of modelContrasts.flat()) {
      if (!methods.includes(method)) throw unknownName("method in modelContrasts", method, methods);
    }
    checkDistinct(modelContrasts, {
      what: `experiment "${name}": modelContrasts`,
      keyOf: (pair) => JSON.stringify(pair),
    });
    for (const pair of contrasts) {
      for (const method of pair) {
        if (!methods.includes(method)) throw unknownName("method in contrasts", method, methods);
      }
      if (pair[0] === pair[1]) {
        throw new RequestError(`${what}: expected two different methods, got "${pair[0]}" twice.`);
      }
    }
    checkDistinct(contrasts, { what, keyOf: (pair) => JSON.stringify(pair.toSorted()) });
  }

  #checkTuning(): void {
    for (const [path, values] of Object.entries(this.experiment.tune ?? {})) {
      for (const value of values) {
        const { training } = applySettings(this.experiment, { [path]: value });
        check(trainingSchema.partial(), training, `experiment "${this.experiment.name}", tune["${path}"]`);
      }
    }
  }

  /** The declared contrasts of which both methods are run; `undefined` if the experiment declares none. */
  get contrasts(): Experiment["contrasts"] {
    return this.#ofMethodsRun(this.experiment.contrasts);
  }

  /** The same across models. */
  get modelContrasts(): Experiment["modelContrasts"] {
    return this.#ofMethodsRun(this.experiment.modelContrasts);
  }

  #ofMethodsRun(contrasts: Experiment["contrasts"]): Experiment["contrasts"] {
    const methods = new Set(this.#methods.flat());
    return contrasts?.filter((pair) => pair.every((method) => methods.has(method)));
  }

  /** Every run: tasks within models, points within tasks, methods within points, seeds within methods. */
  get coordinates(): RunCoordinates[] {
    return this.#models.flatMap((_, model) =>
      this.#tasks.flatMap((_, task) =>
        this.#points.flatMap((_, point) =>
          this.#methods[point]!.flatMap((method) => this.#seeds.map((seed) => ({ model, task, point, method, seed })))
        )
      )
    );
  }

  /** Plain fine-tuning of the reference model; none with other models or without that method. */
  get referenceCoordinates(): RunCoordinates[] {
    const { experiment: { referenceModel }, changes: { models } } = this;
    if (!referenceModel || models || !this.#methods[0]!.includes(BASELINE_METHOD)) return [];
    const model = this.#models.length;
    return this.#tasks.flatMap((_, task) =>
      this.#seeds.map((seed) => ({ model, task, point: 0, method: BASELINE_METHOD, seed }))
    );
  }

  #methodsByPoint(): readonly (readonly string[])[] {
    const declared = this.#points.map((_, point) =>
      Object.keys(this.experiment.methods(this.#settingsAt(point).parameters))
    );
    const { methods: requested } = this.changes;
    if (!requested) return declared;
    const names = joinMethodNames(requested, [...new Set(declared.flat())]);
    checkDistinct(names, { what: "--methods" });
    return declared.map((methods) => names.filter((name) => methods.includes(name))); // a point may lack one
  }

  #settingsAt(point: number, values: Values = {}) {
    return applySettings(this.experiment, { ...this.#points[point], ...this.set, ...values });
  }

  /** The run at these coordinates. */
  specAt(place: RunCoordinates): RunSpec {
    const { experiment } = this;
    const { training, parameters, checkpoint } = this.#settingsAt(place.point, place.values);
    const { training: ofMethod = {}, ...method } = experiment.methods(parameters)[place.method]!;
    // The command line sets for all methods; a method's own settings precede the experiment's.
    const declared = { ...experiment.training, ...ofMethod, ...training };
    const what = `experiment "${experiment.name}", methods[${JSON.stringify(place.method)}]`;
    const { factorLearningRate, factorWeightDecay, scoreExamples } = check(trainingSchema, {
      ...experiment.training,
      ...applySettings(experiment, this.set).training,
    }, what);
    const sharedSettings = { factorLearningRate, factorWeightDecay, scoreExamples };
    const isPlain = !method.decomposition;
    const point = this.#points[place.point]!;
    const spec: RunSpec = {
      experiment: experiment.name,
      place,
      model: this.#models[place.model] ?? experiment.referenceModel!,
      task: this.#tasks[place.task]!,
      label: label(place.method, point),
      base: place.method,
      point,
      method,
      seed: place.seed,
      training: check(trainingSchema, { ...declared, ...isPlain && sharedSettings }, what),
      sharedSettings,
      parameters,
      checkpointSeconds: checkpoint.everySeconds ?? experiment.checkpoint?.everySeconds ?? CHECKPOINT_SECONDS,
    };
    return place.plain ? plainOf(spec) : spec;
  }
}

/** The method's row in tables. */
function label(method: string, point: Values): string {
  const suffix = Object.entries(point).map(([path, value]) => `${lastPart(path)} ${setting(value)}`).join(", ");
  return suffix ? `${method} (${suffix})` : method;
}

const modelName = (model: string | LanguageModel): string =>
  JSON.stringify(typeof model === "string" ? model : model.title ?? model.source);

function pointsOf({ sweep = {} }: Experiment): readonly Values[] {
  return Array.isArray(sweep) ? sweep : combinations(sweep as Readonly<Record<string, readonly Json[]>>);
}

/** All combinations of values by path; the last path varies fastest. */
export const combinations = (lists: Readonly<Record<string, readonly Json[]>>): Values[] =>
  Object.entries(lists).reduce<Values[]>(
    (points, [path, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [path]: value }))),
    [{}],
  );

const checkpointSchema = z.strictObject({ everySeconds: z.number().min(0).optional() });

// The settings and parameters that values by path give; an unknown path is an error with the nearest known one.
function applySettings(experiment: Experiment, values: Values) {
  const known = [
    ...Object.keys(TRAINING_DEFAULTS).map((key) => `training.${key}`),
    ...Object.keys(experiment.parameters).map((key) => `parameters.${key}`),
    "checkpoint.everySeconds",
  ];
  const training = new Map<string, Json>(), checkpoint = new Map<string, Json>();
  const parameters = new Map<string, Json>(Object.entries(experiment.parameters));
  const targets = new Map([["training", training], ["checkpoint", checkpoint], ["parameters", parameters]]);
  for (const [path, value] of Object.entries(values)) {
    if (!known.includes(path)) throw unknownName("setting", path, known);
    const [kind, key] = path.split(/\.(.*)/s) as [string, string];
    if (kind === "parameters") {
      const [expected, got] = [typeof parameters.get(key), typeof value];
      if (expected !== got) throw new RequestError(`${path}: expected a ${expected}, got ${shortJson(value)}.`);
    }
    targets.get(kind)!.set(key, value);
  }
  return {
    training: Object.fromEntries(training),
    parameters: Object.fromEntries(parameters),
    checkpoint: check(checkpointSchema, Object.fromEntries(checkpoint), "checkpoint"),
  };
}
