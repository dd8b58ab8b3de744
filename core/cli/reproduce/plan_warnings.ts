/**
 * What to know about runs before they start.
 *
 * @module
 */
import { counted } from "../../report/numbers.ts";
import type { RunOutline } from "../../run/run_spec.ts";
import { estimate } from "./estimate.ts";

/** Where the runs will compute. */
export interface PlanWarningsOptions {
  /** Bytes of memory of the machine; `undefined` where they are done on a GPU or on another machine. */
  readonly memoryBytes?: number | undefined;
}

/** A sentence for each task whose batches are larger than its training data, and one for too little memory. */
export function planWarnings(runs: readonly RunOutline[], { memoryBytes = Infinity }: PlanWarningsOptions): string[] {
  const ofBatches = runs.flatMap(({ spec: { task, training }, trainingExamples }) => {
    const { batchSize, gradientAccumulationSteps: passes } = training;
    if (batchSize * passes <= trainingExamples) return [];
    const size = passes === 1 ? `training.batchSize ${batchSize} is` : `${passes} batches of ${batchSize} are`;
    return [`${task.name}: ${size} more than the ${trainingExamples} training examples, so that an epoch is one step.`];
  });
  return [...new Set(ofBatches), ...tooLarge(runs, memoryBytes)];
}

function tooLarge(runs: readonly RunOutline[], memoryBytes: number): string[] {
  const all = runs.map((run) => ({ run, bytes: estimate(run).estimate.bytes }));
  const count = all.filter(({ bytes }) => bytes > memoryBytes).length;
  if (count === 0) return [];
  const { run: { spec: { task, label, seed } }, bytes } = all.reduce((a, b) => b.bytes > a.bytes ? b : a);
  return [
    `${counted(count, "run needs", "runs need")} more memory than the ${gigabytes(memoryBytes)} of this machine: ` +
    `${task.name}, ${label}, seed ${seed} about ${gigabytes(bytes)}.`,
  ];
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
