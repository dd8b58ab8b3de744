/**
 * The head of a model: how labels become losses, and logits predictions.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";

/** What a task needs from the end of a model. */
export interface Head {
  readonly kind: "classification" | "regression";
  /** Number of logits: one per class, or 1. */
  readonly outputs: number;
  /** Names of the classes in the order of their logits. */
  readonly labels?: readonly string[];
  /** Answers in words, for models that generate text. @default the model answers with logits */
  readonly answers?: Answers;
}

/** How a model that generates text answers. */
export interface Answers {
  /** Tokens that are generated, the one that ends an answer included. */
  readonly maxLength: number;
  /**
   * The token ids of each class's word, the one that ends it included: the model gives the total log-probability of each,
   * and the largest is the prediction. @default the model generates a text
   */
  readonly candidates?: readonly (readonly number[])[];
  /** The text of generated token ids, and the label that it stands for; known once there is a tokenizer. */
  read?(ids: readonly number[]): Answer;
}

/** An answer in words. */
export interface Answer {
  readonly text: string;
  /** A class or a number; absent for a text that is no label, which is wrong for every example. */
  readonly prediction?: number;
}

/** The loss of each example, `[batch]`: cross-entropy, or squared error. */
export function headLosses(
  logits: tf.Tensor2D,
  { labels, head }: { readonly labels: tf.Tensor1D; readonly head: Head },
): tf.Tensor1D {
  if (head.kind === "regression") return tf.square(tf.sub(tf.squeeze(logits, [1]), labels));
  const target = tf.oneHot(tf.cast(labels, "int32"), head.outputs);
  return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1));
}

/** Whether a model's outputs are generated token ids; else they are logits, or log-probabilities of candidates. */
export const generatesText = ({ answers }: Head): boolean => answers !== undefined && !answers.candidates;

/** The prediction for a text that is no label: the label of no example. */
export const NO_LABEL = -1;

/** The number of generated texts that are no label. */
export const countUnlabeled = (outputs: readonly (readonly number[])[], head: Head): number =>
  generatesText(head) ? outputs.filter((ids) => head.answers!.read!(ids).prediction === undefined).length : 0;

/**
 * The prediction of each example: the class with the largest logit or likeliest word, the first of equal ones; the number
 * itself; or what generated tokens stand for.
 */
export function headPredictions(logits: readonly (readonly number[])[], head: Head): number[] {
  if (generatesText(head)) return logits.map((ids) => head.answers!.read!(ids).prediction ?? NO_LABEL);
  return logits.map((row) => head.kind === "regression" ? row[0]! : row.indexOf(Math.max(...row)));
}

/** The best prediction that ignores the input: the most frequent class, or the mean, of the labels. */
export function constantPrediction(labels: readonly number[], { kind }: Head): number {
  if (kind === "regression") return labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const counts = Map.groupBy(labels, (label) => label);
  return [...counts].reduce((most, next) => next[1].length > most[1].length ? next : most)[0];
}

/** What labels of a head are, for messages; nothing if the label is one. */
export function labelProblem(label: number | undefined, { kind, outputs }: Head): string | undefined {
  const isLabel = kind === "regression"
    ? Number.isFinite(label)
    : Number.isInteger(label) && label! >= 0 && label! < outputs;
  if (isLabel) return undefined;
  return `expected ${kind === "regression" ? "a number" : `a class from 0 to ${outputs - 1}`}, got ${label}`;
}
