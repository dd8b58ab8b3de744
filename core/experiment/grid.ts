/**
 * From an experiment and what the command line changes of it to the list of its runs.
 *
 * @module
 */
import { z } from "zod";
import { RequestError, unknownName } from "../errors.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import { type Registry, taskNamed } from "../registry.ts";
import type { Task } from "../task.ts";
import { TRAINING_DEFAULTS, trainingSchema } from "../training/settings.ts";
import { BASELINE_METHOD, plainOf, type RunCoordinates, type RunSpec, type Values } from "../run/run_spec.ts";
import type { Overrides } from "../results/manifest.ts";
import { namesIn, readSet } from "./overrides.ts";
import { check, type Experiment } from "./define.ts";
import { lastPart, setting } from "../report/setting.ts";

/** Seconds between two checkpoints, unless the experiment or `--set checkpoint.everySeconds` say otherwise. */
export const CHECKPOINT_SECONDS = 60;

/** All runs of an experiment, tasks within models, methods within tasks, seeds within methods. */
export const expand = (experiment: Experiment, changes: Overrides, parts: Pick<Registry, "tasks">): RunSpec[] => {
  const expansion = new ExperimentGrid(experiment, changes, parts);
  return expansion.places.map((place) => expansion.at(place));
};

/** An experiment as the command line changed it. */
export class ExperimentGrid {
  readonly #models: readonly (string | LanguageModel)[];
  /** How many of the models are the experiment's own: a ground comes after them. */
  readonly #own: number;
  readonly #tasks: readonly Task[];
  readonly #points: readonly Values[];
  /** What `--set` says. */
  readonly set: Values;

  constructor(readonly experiment: Experiment, readonly changes: Overrides, { tasks }: Pick<Registry, "tasks">) {
    this.#models = [...changes.models ?? experiment.models, ...experiment.ground ? [experiment.ground] : []];
    this.#own = (changes.models ?? experiment.models).length;
    this.#tasks = (changes.tasks ?? experiment.tasks).map((task) =>
      typeof task === "string"
        ? experiment.tasks.find((own): own is Task => typeof own === "object" && own.name === task) ??
          taskNamed(task, { tasks })
        : task
    );
    this.#points = pointsOf(experiment);
    this.set = Object.fromEntries((changes.set ?? []).map(readSet));
    this.#checkMethodNames();
    for (const [path, values] of Object.entries(experiment.tune ?? {})) {
      for (const value of values) {
        const { training } = applied(experiment, { [path]: value });
        check(trainingSchema.partial(), training, `experiment "${experiment.name}", tune["${path}"]`);
      }
    }
  }

  // The names that the declaration uses of its methods.
  #checkMethodNames(): void {
    const { name, baseline, contrasts = [] } = this.experiment;
    const methods = Object.keys(this.experiment.methods(this.experiment.parameters));
    if (baseline !== undefined && !methods.includes(baseline)) throw unknownName("baseline", baseline, methods);
    const pairs = new Set<string>();
    for (const pair of contrasts) {
      for (const method of pair) {
        if (!methods.includes(method)) throw unknownName("method in contrasts", method, methods);
      }
      const shown = `experiment "${name}": contrasts: ${JSON.stringify(pair)}`;
      if (pair[0] === pair[1]) throw new RequestError(`${shown}: expected two methods, got one twice.`);
      const key = JSON.stringify(pair.toSorted());
      if (pairs.has(key)) throw new RequestError(`${shown} is listed twice.`);
      pairs.add(key);
    }
  }

  /** The declared contrasts of which both methods are run; `undefined` where the experiment declares none. */
  get contrasts(): Experiment["contrasts"] {
    const run = new Set(this.#points.flatMap((_, point) => this.#methodsAt(point)));
    return this.experiment.contrasts?.filter((pair) => pair.every((method) => run.has(method)));
  }

  /** Of all runs. */
  get places(): RunCoordinates[] {
    const { experiment, changes } = this;
    const seeds = changes.seeds ?? experiment.seeds;
    return this.#models.slice(0, this.#own).flatMap((_, model) =>
      this.#tasks.flatMap((_, task) =>
        this.#points.flatMap((_, point) =>
          this.#methodsAt(point).flatMap((method) => seeds.map((seed) => ({ model, task, point, method, seed })))
        )
      )
    );
  }

  /** Of the runs of the ground: plain fine-tuning, unless other models or only other methods were asked for. */
  get grounds(): RunCoordinates[] {
    const { experiment: { ground, seeds: own }, changes: { models, seeds = own } } = this;
    if (!ground || models || !this.#methodsAt(0).includes(BASELINE_METHOD)) return [];
    return this.#tasks.flatMap((_, task) =>
      seeds.map((seed) => ({ model: this.#own, task, point: 0, method: BASELINE_METHOD, seed }))
    );
  }

  #methodsAt(point: number): readonly string[] {
    const { changes: { methods: wanted } } = this;
    const declared = (point: number) => Object.keys(this.experiment.methods(this.#applied(point).parameters));
    if (!wanted) return declared(point);
    // A point may lack a method that others have.
    const own = declared(point);
    const known = new Set(this.#points.flatMap((_, other) => declared(other)));
    return namesIn(wanted, [...known]).filter((name) => own.includes(name));
  }

  #applied(point: number, values: Values = {}) {
    return applied(this.experiment, { ...this.#points[point], ...this.set, ...values });
  }

  /** The run at a place. */
  at(place: RunCoordinates): RunSpec {
    const { experiment } = this;
    const { training, parameters, checkpoint } = this.#applied(place.point, place.values);
    const { training: own = {}, ...method } = experiment.methods(parameters)[place.method]!;
    // What the command line sets holds for all methods; what a method states stands above the experiment.
    const stated = { ...experiment.training, ...own, ...training };
    const at = `experiment "${experiment.name}", methods["${place.method}"]`;
    const { factorLearningRate, factorWeightDecay, scoreExamples } = check(trainingSchema, {
      ...experiment.training,
      ...applied(experiment, this.set).training,
    }, at);
    const sharedSettings = { factorLearningRate, factorWeightDecay, scoreExamples };
    const plain = !method.decomposition;
    const point = this.#points[place.point]!;
    const suffix = Object.entries(point).map(([path, value]) => `${lastPart(path)} ${setting(value)}`).join(", ");
    const spec = {
      experiment: experiment.name,
      place,
      model: this.#models[place.model]!,
      task: this.#tasks[place.task]!,
      label: suffix ? `${place.method} (${suffix})` : place.method,
      base: place.method,
      point,
      method,
      seed: place.seed,
      training: check(trainingSchema, { ...stated, ...plain && sharedSettings }, at),
      sharedSettings,
      parameters,
      checkpointSeconds: checkpoint.everySeconds ?? experiment.checkpoint?.everySeconds ?? CHECKPOINT_SECONDS,
    };
    return place.plain ? plainOf(spec) : spec;
  }
}

function pointsOf({ sweep = {} }: Experiment): readonly Values[] {
  return Array.isArray(sweep) ? sweep : combinations(sweep as Readonly<Record<string, readonly Json[]>>);
}

/** All combinations of values by path, the last path fastest. */
export const combinations = (lists: Readonly<Record<string, readonly Json[]>>): Values[] =>
  Object.entries(lists).reduce<Values[]>(
    (points, [path, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [path]: value }))),
    [{}],
  );

const checkpointSchema = z.strictObject({ everySeconds: z.number().min(0).optional() });

// Settings of training and parameters that the changes name; an unknown path is an error with the nearest known.
function applied(experiment: Experiment, changed: Values) {
  const known = [
    ...Object.keys(TRAINING_DEFAULTS).map((key) => `training.${key}`),
    ...Object.keys(experiment.parameters).map((key) => `parameters.${key}`),
    "checkpoint.everySeconds",
  ];
  const training: Record<string, Json> = {}, checkpoint: Record<string, Json> = {};
  const parameters: Record<string, Json> = { ...experiment.parameters };
  for (const [path, value] of Object.entries(changed)) {
    if (!known.includes(path)) throw unknownName("setting", path, known);
    const [kind, key] = path.split(/\.(.*)/s) as [string, string];
    if (kind === "training") training[key] = value;
    else if (kind === "checkpoint") checkpoint[key] = value;
    else {
      const wanted = typeof experiment.parameters[key], found = typeof value;
      if (wanted !== found) {
        throw new RequestError(`${path}: wanted a ${wanted}, found ${JSON.stringify(value)}.`);
      }
      parameters[key] = value;
    }
  }
  return { training, parameters, checkpoint: check(checkpointSchema, checkpoint, "checkpoint") };
}
