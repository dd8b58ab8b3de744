/**
 * The parts that the program is assembled from: the one place where core receives plugins, as values.
 *
 * @module
 */
import type { Backend } from "./backend/engine.ts";
import { RequestError, unknownName } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Launcher } from "./launcher.ts";
import type { LanguageModel } from "./model/model.ts";
import type { Source } from "./source.ts";
import type { Task } from "./task.ts";

/** A module's exports. */
export type Namespace = Readonly<Record<string, unknown>>;

/** What the commands work with. */
export interface Registry {
  /** Holds the model plugins: functions named after the `model_type` of a `config.json`. */
  readonly plugins: Namespace;
  readonly tasks: Namespace;
  /** The `config.json` of models whose cost can be estimated before they are downloaded, by name. */
  readonly configs?: { readonly [source: string]: { readonly [key: string]: Json } };
  /** Tried in this order. */
  readonly sources: readonly Source[];
  /** The first one is the default. */
  readonly backends: readonly Backend[];
  /** What `--launcher` names. */
  readonly launchers: readonly Launcher[];
  /** The root folder of the project, with a trailing slash. */
  readonly root: URL;
}

/** The task with the given name; an unknown one is an error with the nearest known name. */
export function taskNamed(name: string, registry: Pick<Registry, "tasks">): Task {
  const known = tasksByName(registry), task = known.get(name);
  if (!task) throw unknownName("task", name, known.keys());
  return task;
}

/** The tasks of the program. */
export const tasksByName = ({ tasks }: Pick<Registry, "tasks">): ReadonlyMap<string, Task> =>
  new Map(Object.values(tasks).filter(isTask).map((task) => [task.name, task]));

const isTask = (value: unknown): value is Task =>
  typeof value === "object" && value !== null && "metrics" in value && "load" in value;

/** The model plugin for the `model_type` of a `config.json`. */
export function modelFor(
  modelType: unknown,
  { source, plugins }: { source: string; plugins: Namespace },
): LanguageModel {
  const make = typeof modelType === "string" && Object.hasOwn(plugins, modelType) ? plugins[modelType] : undefined;
  const model: Partial<LanguageModel> | undefined = typeof make === "function" ? make({ source }) : undefined;
  if (typeof model?.architecture === "function") return model as LanguageModel;
  throw new RequestError(
    `${source}: no model plugin for the model_type ${JSON.stringify(modelType)} of its config.json; an experiment ` +
      "passes a model of a plugin of its own as a value, models: [plugin({ source })].",
  );
}

/**
 * The backend for a device, where none is named: on a GPU one that computes on GPUs, which is also the default if the machine
 * has a GPU for it.
 */
export function backendFor(device: "cpu" | "gpu" | undefined, { backends }: Pick<Registry, "backends">): Backend {
  const onGpu = device === "cpu"
    ? undefined
    : backends.find((backend) => backend.hasGpu !== undefined && (device === "gpu" || backend.hasGpu()));
  return onGpu ?? backends[0]!;
}

/** The backend with the given name. */
export function backendNamed(name: string | undefined, { backends }: Pick<Registry, "backends">): Backend {
  const backend = name === undefined ? backends[0] : backends.find((backend) => backend.name === name);
  if (!backend) throw unknownName("backend", name ?? "", backends.map((backend) => backend.name));
  return backend;
}
