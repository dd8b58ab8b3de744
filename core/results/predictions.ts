/**
 * `predictions.jsonl`: a line for each evaluated example.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { sha256OfFile } from "../io/cache.ts";
import { FILES, type Result } from "./result.ts";
import { readStoredLines } from "./stored_json.ts";

/** A line of `predictions.jsonl`. */
export interface Prediction {
  readonly index: number;
  readonly label: number;
  readonly prediction: number;
  /** Absent for a run that diverged, and for a model that answers in words. */
  readonly logits?: readonly number[];
  /** What a model that answers in words generated. */
  readonly text?: string;
  /** What the example contributes to the primary metric: comparisons estimate their error from it. */
  readonly contribution?: number;
}

const predictionSchema: z.ZodType<Prediction> = z.object({
  index: z.int(),
  label: z.number(),
  prediction: z.number(),
  logits: z.exactOptional(z.array(z.number()).min(1)),
  text: z.exactOptional(z.string()),
  contribution: z.exactOptional(z.number()),
});

/**
 * The predictions in a run's folder, in the order of the evaluated examples.
 *
 * @returns the predictions, or in one sentence why they cannot be used
 */
export async function readPredictions(
  folder: string,
  { files }: Pick<Result, "files">,
): Promise<Prediction[] | string> {
  const path = `${folder}/${FILES.predictions}`;
  try {
    const digest = files?.[FILES.predictions];
    const predictions = await readStoredLines(path, predictionSchema);
    if (!predictions || predictions.length === 0) return "a run's predictions are missing";
    if (digest !== undefined && await sha256OfFile(path) !== digest) {
      return `${path} is not the file that the run wrote`;
    }
    const indices = new Set(predictions.map(({ index }) => index));
    if (indices.size === predictions.length) return predictions;
    return `${path}: expected every index once, got ${indices.size} indices on ${predictions.length} lines`;
  } catch (error) {
    if (error instanceof RequestError) return messageOf(error).replace(/\.$/, "");
    throw error;
  }
}
