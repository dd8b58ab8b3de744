/**
 * What is known of a run before its first step: its length, its examples, what it trains.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import { RandomKey } from "../random.ts";
import type { RunLength, SelectionPolicy } from "../selection_policy.ts";
import type { ParameterSlot, Weights } from "../model/weights.ts";
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

/** Which examples a run trains on and is judged on. */
export interface ExampleSets<T> {
  readonly train: readonly T[];
  /** What is judged: the dev set, or what stands for it. */
  readonly dev: readonly T[];
  /** What `keep: "best"` looks at, where that is no part of the training examples. */
  readonly heldOut?: readonly T[];
}

/** The sets of a task as `split` says: the same for every seed and method, so that runs can be compared. */
export function splitExamples<T>(
  { train, dev }: { readonly train: readonly T[]; readonly dev: readonly T[] },
  { split, heldOut: part }: Pick<TrainingSettings, "split" | "heldOut">,
): ExampleSets<T> {
  if (split === "dev") return { train, dev };
  const [name, all] = split === "held-out" ? ["training", train] as const : ["dev", dev] as const;
  if (all.length < 2) {
    throw new RequestError(`training.split "${split}" wants two ${name} examples or more, found ${all.length}.`);
  }
  const count = split === "held-out" ? Math.round(all.length * part) : Math.ceil(all.length / 2);
  const order = RandomKey.of(0).fold("split").permutation(all.length);
  const out = new Set(order.slice(0, Math.min(Math.max(1, count), all.length - 1)));
  const [chosen, rest] = [all.filter((_, at) => out.has(at)), all.filter((_, at) => !out.has(at))];
  return split === "held-out" ? { train: rest, dev: chosen } : { train, dev: chosen, heldOut: rest };
}

/** Splits what `keep: "best"` looks at off the training examples, and keeps as many as are asked for. */
export function trainingParts<T>(
  { train, heldOut: given }: Pick<ExampleSets<T>, "train" | "heldOut">,
  { settings: { keep, heldOut, trainExamples }, key }: { settings: TrainingSettings; key: RandomKey },
): { train: readonly T[]; heldOut: readonly T[] } {
  const order = key.fold("examples").permutation(train.length);
  const count = keep === "best" && !given ? Math.max(1, Math.round(train.length * heldOut)) : 0;
  const out = new Set(order.slice(0, count));
  const kept = new Set(order.filter((at) => !out.has(at)).slice(0, trainExamples ?? train.length));
  return { train: train.filter((_, at) => kept.has(at)), heldOut: given ?? train.filter((_, at) => out.has(at)) };
}

/** Which slots `train` lets move; a pattern that no parameter has is an error. */
export function trainsBy(train: TrainingSettings["train"], weights: Weights): (slot: ParameterSlot) => boolean {
  if (train === "all") return () => true;
  const { parameters } = weights.architecture;
  const names = parameters.map(({ name }) => name);
  const patterns = train.map((pattern) => {
    const expression = new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join(".*")}$`);
    if (!names.some((name) => expression.test(name))) {
      throw unknownName("pattern of parameters in training.train", pattern, names);
    }
    return expression;
  });
  // A parameter has several names if others are tied to it.
  const namesOf = Map.groupBy(parameters, ({ name, tiedTo = name }) => tiedTo);
  return ({ parameter }) =>
    namesOf.get(parameter.name)!.some(({ name }) => patterns.some((pattern) => pattern.test(name)));
}
