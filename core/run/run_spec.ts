/**
 * One run as an experiment declares it, before its model and its data are opened.
 *
 * @module
 */
import { normalize } from "node:path";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import type { Task } from "../task.ts";
import { canonical } from "../results/result.ts";
import type { Method } from "../training/fine_tune_request.ts";
import type { TrainingSettings } from "../training/settings.ts";

/** Settings by path. */
export type Values = Readonly<Record<string, Json>>;

/** Which run of an experiment: what another process needs to find it again. */
export interface RunCoordinates {
  /** Positions among the models, the tasks and the points of the sweep. */
  readonly model: number;
  readonly task: number;
  readonly point: number;
  readonly method: string;
  readonly seed: number;
  /** Settings that stand above all others: what tuning tries, or chose. */
  readonly values?: Values;
  /** The method without its decomposition: the run whose weights its score looks at. */
  readonly plain?: true;
}

/** One run before its model and its data were looked for. */
export interface RunSpec {
  readonly experiment: string;
  readonly place: RunCoordinates;
  readonly model: string | LanguageModel;
  readonly task: Task;
  /** The method's name in tables, with the point of a sweep. */
  readonly label: string;
  /** The method's name without it. */
  readonly base: string;
  /** Values of the sweep by path. */
  readonly point: Values;
  readonly method: Method;
  readonly seed: number;
  readonly training: TrainingSettings;
  /** What plain runs have of it, which do not heed it: no method's own, no point's of a sweep, none that tuning chose. */
  readonly sharedSettings: FactorSettings;
  readonly parameters: Values;
  /** How often the run's state is kept, in seconds. */
  readonly checkpointSeconds: number;
}

/** The same text for the same model: `folder` and `folder/` are one. */
export function modelKey(model: string | LanguageModel): string {
  const sourceKey = (source: string) => normalize(source).replace(/(.)\/+$/, "$1");
  if (typeof model === "string") return sourceKey(model);
  return canonical([model.name, model.options, sourceKey(model.source), model.revision]);
}

/** The method that a ground is fine-tuned by. */
export const BASELINE_METHOD = "fine-tuning";

/** Settings that only factors and scores heed. */
export type FactorSettings = Pick<TrainingSettings, "factorLearningRate" | "factorWeightDecay" | "scoreExamples">;

/**
 * The same run without its decomposition: the run that the experiment does as plain fine-tuning, where it has one of these
 * settings, so that it is not done twice.
 */
export const plainOf = (spec: RunSpec): RunSpec => ({
  ...spec,
  place: { ...spec.place, plain: true },
  label: `fine-tuning first, for ${spec.label}`,
  training: { ...spec.training, ...spec.sharedSettings },
  method: {},
});
