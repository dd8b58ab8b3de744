/**
 * Advice for a run that does not fit on its device.
 *
 * @module
 */
import type { TrainingSettings } from "./settings.ts";

/** Settings that need less memory for the same steps, in a sentence. */
export function memoryAdvice({ batchSize, gradientAccumulationSteps }: TrainingSettings): string {
  if (batchSize === 1) return "With a batch size of 1 already, try a smaller training.maxLength, or another device.";
  const factor = [2, 3, 5, 7].find((prime) => batchSize % prime === 0) ?? batchSize;
  return `Try a batch size of ${batchSize / factor}, which takes the same steps with ` +
    `--set training.batchSize=${batchSize / factor} ` +
    `--set training.gradientAccumulationSteps=${gradientAccumulationSteps * factor}.`;
}
