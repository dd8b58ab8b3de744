/**
 * What is known of a run before its first step: its length, its examples, what it trains.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import type { RandomKey } from "../random.ts";
import type { RunLength, SelectionPolicy } from "../selection.ts";
import type { Slot, Weights } from "../weights.ts";
import type { TrainingSettings } from "./settings.ts";

/** Number of optimiser steps of an epoch and of the run. */
export function runLength(settings: TrainingSettings, examples: number): RunLength {
  const stepsPerEpoch = Math.ceil(examples / (settings.batchSize * settings.gradientAccumulationSteps));
  const all = stepsPerEpoch * settings.epochs;
  return { steps: Math.min(all, settings.maxSteps ?? all), stepsPerEpoch };
}

/** The steps before which a policy is asked; one whose rounds do not fit the run is a {@linkcode RequestError}. */
export function roundsOf(policy: SelectionPolicy, length: RunLength): readonly number[] {
  const rounds = policy.rounds?.(length) ?? [0];
  if (policy.needs?.includes("trainingGradients") && rounds.includes(0)) {
    throw new RequestError(
      `The policy "${policy.name}" scores by gradients of training and chooses before the first step, when there are none.`,
    );
  }
  return rounds;
}

/** Splits what is held out of the training examples, and keeps as many as are asked for. */
export function trainingParts<T>(
  train: readonly T[],
  { settings: { keep, heldOut, trainExamples }, key }: { settings: TrainingSettings; key: RandomKey },
): { train: T[]; heldOut: T[] } {
  const order = key.fold("examples").permutation(train.length);
  const out = new Set(keep === "best" ? order.slice(0, Math.max(1, Math.round(train.length * heldOut))) : []);
  const kept = new Set(order.filter((at) => !out.has(at)).slice(0, trainExamples ?? train.length));
  return { train: train.filter((_, at) => kept.has(at)), heldOut: train.filter((_, at) => out.has(at)) };
}

/** Which slots `train` lets move; a pattern that no parameter has is an error. */
export function trainsBy(train: TrainingSettings["train"], weights: Weights): (slot: Slot) => boolean {
  if (train === "all") return () => true;
  const names = weights.architecture.parameters.map(({ name }) => name);
  const patterns = train.map((pattern) => {
    const expression = new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join(".*")}$`);
    if (!names.some((name) => expression.test(name))) {
      throw unknownName("pattern of parameters in training.train", pattern, names);
    }
    return expression;
  });
  return ({ parameter: { name } }) => patterns.some((pattern) => pattern.test(name));
}
