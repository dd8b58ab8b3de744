/**
 * The options of a run's steps, from its settings and its method.
 *
 * @module
 */
import type { Need } from "../importance_score.ts";
import type { ParameterSlot, Weights } from "../model/weights.ts";
import { matchNames } from "../name_pattern.ts";
import type { TrainingRequest } from "./fine_tune_request.ts";
import type { TrainingSettings } from "./settings.ts";
import type { StepOptions } from "./step.ts";

/** The options of a run's steps. */
export function stepOptionsOf({ weights, settings, method }: TrainingRequest): StepOptions {
  const byPattern = trainableBy(settings.train, weights);
  const headOnly = method.decomposition?.trainOtherParameters === false;
  return {
    optimizer: settings,
    maxGradNorm: settings.maxGradNorm,
    precision: settings.precision ?? "float32",
    isTrainable: (slot) => byPattern(slot) && (!headOnly || slot.parameter.ifMissing === "head"),
    accumulateGradients: accumulationFor(method.policy?.needs),
  };
}

/** Whether `train` includes a slot. A pattern that matches no parameter is an error. */
export function trainableBy(train: TrainingSettings["train"], weights: Weights): (slot: ParameterSlot) => boolean {
  if (train === "all") return () => true;
  const { parameters } = weights.architecture;
  const names = parameters.map(({ name }) => name);
  const what = "pattern of parameters in training.train";
  const trained = new Set(train.flatMap((pattern) => matchNames(pattern, names, { what })));
  // A parameter has several names if others are tied to it.
  const namesOf = Map.groupBy(parameters, ({ name, tiedTo = name }) => tiedTo);
  return ({ parameter }) => namesOf.get(parameter.name)!.some(({ name }) => trained.has(name));
}

// Which gradients of training a policy scores by.
function accumulationFor(needs: readonly Need[] = []): "signed" | "absolute" | undefined {
  const [signed, absolute] = [needs.includes("trainingGradients"), needs.includes("absoluteTrainingGradients")];
  if (signed && absolute) {
    throw new Error("A policy scores by the gradients of training or by their absolute values, not both.");
  }
  return signed ? "signed" : absolute ? "absolute" : undefined;
}
