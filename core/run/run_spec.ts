/**
 * A run as an experiment declares it, before its model and its data are opened.
 *
 * @module
 */
import { normalize } from "node:path";
import type { Json } from "../json.ts";
import type { Architecture, LanguageModel } from "../model/model.ts";
import type { Task } from "../task.ts";
import { canonical } from "../results/result.ts";
import type { Method } from "../training/fine_tune_request.ts";
import type { TrainingSettings } from "../training/settings.ts";

/** Settings by path. */
export type Values = Readonly<Record<string, Json>>;

/** Which run of an experiment: another process finds it again by these. */
export interface RunCoordinates {
  /** Positions among the models, the tasks and the points of the sweep. */
  readonly model: number;
  readonly task: number;
  readonly point: number;
  readonly method: string;
  readonly seed: number;
  /** Settings that override all others: those that tuning tries, or chose. */
  readonly values?: Values;
  /** The method without its decomposition: the run whose weights its score looks at. */
  readonly plain?: true;
}

/** A run before its model and its data are looked for. */
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
  /** Settings that plain runs ignore, as the experiment states them: not a method's own, a sweep's or tuned ones. */
  readonly sharedSettings: FactorSettings;
  readonly parameters: Values;
  /** Seconds between checkpoints. */
  readonly checkpointSeconds: number;
}

/** A run of which enough is known to estimate its cost. */
export interface RunOutline {
  /** `null` if it is unknown: it is a digest of the weights and the data too. */
  readonly id: string | null;
  readonly spec: RunSpec;
  /** The model's name in tables. */
  readonly model: string;
  readonly architecture: Architecture;
  /** Examples of an epoch. */
  readonly trainingExamples: number;
  /** Optimizer steps. */
  readonly steps: number;
  /** The run whose weights its score reads: plain fine-tuning of the same model, task, seed and settings. */
  readonly needs?: RunOutline;
}

/** The same text for the same model: `folder` and `folder/` are one. */
export function modelKey(model: string | LanguageModel): string {
  const sourceKey = (source: string) => normalize(source).replace(/(.)\/+$/, "$1");
  if (typeof model === "string") return sourceKey(model);
  return canonical([model.name, model.options, sourceKey(model.source), model.revision]);
}

/** The method by which a reference model is fine-tuned. */
export const BASELINE_METHOD = "fine-tuning";

/** Settings that affect factors and scores only. */
export type FactorSettings = Pick<TrainingSettings, "factorLearningRate" | "factorWeightDecay" | "scoreExamples">;

/**
 * The same run without its decomposition. It has the settings of the experiment's own plain fine-tuning, so that both are
 * one run.
 */
export const plainOf = (spec: RunSpec): RunSpec => ({
  ...spec,
  place: { ...spec.place, plain: true },
  label: `fine-tuning first, for ${spec.label}`,
  training: { ...spec.training, ...spec.sharedSettings },
  method: {},
});
