/**
 * GLUE's metrics, as scikit-learn and SciPy compute them.
 *
 * @module
 */
import { sampleCorrelation } from "simple-statistics";

/** Share of predictions that are the label. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((prediction, at) => prediction === labels[at]).length / labels.length;
}

interface Counts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

function confusion(predictions: readonly number[], labels: readonly number[]): Counts {
  const count = (prediction: boolean, label: boolean) =>
    labels.filter((own, at) => (own === 1) === label && (predictions[at] === 1) === prediction).length;
  return {
    truePositive: count(true, true),
    falsePositive: count(true, false),
    falseNegative: count(false, true),
    trueNegative: count(false, false),
  };
}

/** F1 of class 1, `2·TP / (2·TP + FP + FN)`; 0 where no prediction and no label is 1. */
export function f1(predictions: readonly number[], labels: readonly number[]): number {
  const { truePositive, falsePositive, falseNegative } = confusion(predictions, labels);
  const wrong = falsePositive + falseNegative;
  return truePositive === 0 ? 0 : 2 * truePositive / (2 * truePositive + wrong);
}

/**
 * Matthews' correlation coefficient of two classes; 0 where predictions or labels are all the same.
 *
 * @example
 * ```ts
 * import { matthews } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([matthews([1, 0, 1], [1, 0, 1]), matthews([0, 1], [1, 0]), matthews([1, 1], [1, 0])], [1, -1, 0]);
 * ```
 */
export function matthews(predictions: readonly number[], labels: readonly number[]): number {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = confusion(predictions, labels);
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  return product === 0 ? 0 : (tp * tn - fp * fn) / Math.sqrt(product);
}

/** Pearson's correlation coefficient; `NaN` where one side is constant. */
export function pearson(predictions: readonly number[], labels: readonly number[]): number {
  if (isConstant(predictions) || isConstant(labels)) return NaN;
  return sampleCorrelation([...predictions], [...labels]);
}

/** Spearman's rank correlation, equal values sharing their mean rank; `NaN` where one side is constant. */
export function spearman(predictions: readonly number[], labels: readonly number[]): number {
  return pearson(ranks(predictions), ranks(labels));
}

const isConstant = (values: readonly number[]) => values.every((value) => value === values[0]);

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) found[order[at]!] = (from + to + 1) / 2;
    from = to;
  }
  return found;
}
