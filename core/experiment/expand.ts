/**
 * From an experiment and what the command line changes of it to the list of its runs.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model.ts";
import { type Parts, taskNamed } from "../parts.ts";
import type { Task } from "../task.ts";
import type { Method } from "../training/run.ts";
import { TRAINING_DEFAULTS, trainingSchema, type TrainingSettings } from "../training/settings.ts";
import { check, type Experiment } from "./define.ts";

/** What the command line changes. */
export interface Changes {
  readonly tasks?: readonly string[];
  readonly methods?: readonly string[];
  readonly models?: readonly string[];
  readonly seeds?: readonly number[];
  /** `path=value`, the value in JSON or as a word. */
  readonly set?: readonly string[];
}

/** One run before its model and its data were looked for. */
export interface RunSpec {
  readonly experiment: string;
  readonly model: string | LanguageModel;
  readonly task: Task;
  /** The method's name in tables, with the point of a sweep. */
  readonly label: string;
  /** The method's name without it. */
  readonly base: string;
  /** Values of the sweep by path. */
  readonly point: Readonly<Record<string, Json>>;
  readonly method: Method;
  readonly seed: number;
  readonly training: TrainingSettings;
  readonly parameters: Readonly<Record<string, Json>>;
}

type Point = ReadonlyMap<string, Json>;

/** All runs, tasks within models, methods within tasks, seeds within methods. */
export function expand(experiment: Experiment, changes: Changes, { tasks }: Pick<Parts, "tasks">): RunSpec[] {
  const set = new Map((changes.set ?? []).map(readSet));
  const models = changes.models ?? experiment.models;
  const chosen = (changes.tasks ?? experiment.tasks).map((task) =>
    typeof task === "string"
      ? experiment.tasks.find((own): own is Task => typeof own === "object" && own.name === task) ??
        taskNamed(task, { tasks })
      : task
  );
  const points = pointsOf(experiment).map((point) => methodsAt(experiment, { point, set, wanted: changes.methods }));
  return models.flatMap((model) =>
    chosen.flatMap((task) =>
      points.flat().flatMap((method) =>
        (changes.seeds ?? experiment.seeds).map((seed) => ({
          experiment: experiment.name,
          model,
          task,
          seed,
          ...method,
        }))
      )
    )
  );
}

// The methods at one point of the sweep, with their settings.
function methodsAt(
  experiment: Experiment,
  { point, set, wanted }: { point: Point; set: Point; wanted: readonly string[] | undefined },
) {
  const changed = new Map([...point, ...set]);
  const { training, parameters } = applied(experiment, changed);
  const methods = experiment.methods(parameters);
  for (const name of wanted ?? []) {
    if (!Object.hasOwn(methods, name)) throw unknownName("method", name, Object.keys(methods));
  }
  const suffix = [...point].map(([path, value]) => `${path.split(".").at(-1)} ${JSON.stringify(value)}`).join(", ");
  return (wanted ?? Object.keys(methods)).map((name) => {
    const { training: own = {}, ...method } = methods[name]!;
    // What the command line sets holds for all methods; what a method states stands above the experiment.
    const stated = { ...experiment.training, ...own, ...training };
    return {
      label: suffix ? `${name} (${suffix})` : name,
      base: name,
      point: Object.fromEntries(point),
      method,
      training: check(trainingSchema, stated, `experiment "${experiment.name}", methods["${name}"]`),
      parameters,
    };
  });
}

function readSet(text: string): [string, Json] {
  const at = text.indexOf("=");
  if (at < 1) throw new RequestError(`--set ${text}: wanted path=value.`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

function pointsOf({ sweep = {} }: Experiment): Point[] {
  return Object.entries(sweep).reduce<Point[]>(
    (points, [path, values]) => points.flatMap((point) => values.map((value) => new Map([...point, [path, value]]))),
    [new Map()],
  );
}

// Settings of training and parameters that the changes name; an unknown path is an error with the nearest known.
function applied(experiment: Experiment, changed: Point) {
  const known = [
    ...Object.keys(TRAINING_DEFAULTS).map((key) => `training.${key}`),
    ...Object.keys(experiment.parameters).map((key) => `parameters.${key}`),
  ];
  const training: Record<string, Json> = {};
  const parameters: Record<string, Json> = { ...experiment.parameters };
  for (const [path, value] of changed) {
    if (!known.includes(path)) throw unknownName("setting", path, known);
    const [kind, key] = path.split(/\.(.*)/s) as [string, string];
    if (kind === "training") training[key] = value;
    else {
      const wanted = typeof experiment.parameters[key], found = typeof value;
      if (wanted !== found) {
        throw new RequestError(`${path}: wanted a ${wanted}, found ${JSON.stringify(value)}.`);
      }
      parameters[key] = value;
    }
  }
  return { training, parameters };
}
