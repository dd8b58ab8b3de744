/**
 * What determines a run before its first step: its length, its examples and its rounds of selection.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { usesTrainingGradients } from "../importance_score.ts";
import { RandomKey } from "../random.ts";
import type { RunLength, SelectionPolicy } from "../selection_policy.ts";
import type { TrainingSettings } from "./settings.ts";

/** Number of optimizer steps per epoch and per run. */
export function runLength(settings: TrainingSettings, examples: number): RunLength {
  const stepsPerEpoch = Math.ceil(examples / (settings.batchSize * settings.gradientAccumulationSteps));
  const all = stepsPerEpoch * settings.epochs;
  return { steps: Math.min(all, settings.maxSteps ?? all), stepsPerEpoch };
}

/**
 * The steps before which a policy selects.
 *
 * @throws {RequestError} if the policy needs gradients of training before the first step
 */
export function roundsOf(policy: SelectionPolicy, length: RunLength): readonly number[] {
  const rounds = policy.rounds?.(length) ?? [0];
  if (usesTrainingGradients(policy.needs) && rounds.includes(0)) {
    throw new RequestError(
      `The policy "${policy.name}" scores by gradients of training, but selects before the first step, when there are none.`,
    );
  }
  return rounds;
}

/** The examples that a run trains on and is evaluated on. */
export interface ExampleSets<T> {
  readonly train: readonly T[];
  /** What results are computed from: the dev set, or its substitute by `split`. */
  readonly dev: readonly T[];
  /** What `keep: "best"` compares epochs by; absent if that is split off the training examples. */
  readonly heldOut?: readonly T[];
}

/** The sets of a task according to `split`: the same for every seed and method, so that runs can be compared. */
export function splitExamples<T>(
  { train, dev }: { readonly train: readonly T[]; readonly dev: readonly T[] },
  { split, heldOut }: Pick<TrainingSettings, "split" | "heldOut">,
): ExampleSets<T> {
  if (split === "dev") return { train, dev };
  const [name, all] = split === "held-out" ? ["training", train] as const : ["dev", dev] as const;
  if (all.length < 2) {
    throw new RequestError(`training.split "${split}" expected two ${name} examples or more, got ${all.length}.`);
  }
  const count = split === "held-out" ? Math.round(all.length * heldOut) : Math.ceil(all.length / 2);
  const order = RandomKey.of(0).fold("split").permutation(all.length);
  const chosen = new Set(order.slice(0, Math.min(Math.max(1, count), all.length - 1)));
  const [part, rest] = [true, false].map((isChosen) => all.filter((_, index) => chosen.has(index) === isChosen));
  return split === "held-out" ? { train: rest!, dev: part! } : { train, dev: part!, heldOut: rest! };
}

/** Splits held-out examples for `keep: "best"` off the training examples, and draws `trainExamples` of the others. */
export function trainingParts<T>(
  { train, heldOut: given }: Pick<ExampleSets<T>, "train" | "heldOut">,
  { settings: { keep, heldOut, trainExamples }, key }: { settings: TrainingSettings; key: RandomKey },
): { train: readonly T[]; heldOut: readonly T[] } {
  const count = keep === "best" && !given ? Math.max(1, Math.round(train.length * heldOut)) : 0;
  if (count === 0 && (trainExamples ?? train.length) >= train.length) return { train, heldOut: given ?? [] };
  const order = key.fold("examples").permutation(train.length);
  const [out, rest] = [new Set(order.slice(0, count)), order.slice(count)];
  const kept = new Set(rest.slice(0, trainExamples ?? train.length));
  const inOrder = (indices: ReadonlySet<number>) => train.filter((_, index) => indices.has(index));
  return { train: inOrder(kept), heldOut: given ?? inOrder(out) };
}
