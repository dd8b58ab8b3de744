/**
 * The schema of a line of `events.jsonl`, and of an event that crosses a pipe.
 *
 * @module
 */
import { z } from "zod";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import type { Ranking, Selected } from "../training/selection/round.ts";
import { anyJson, count, nullableNumber } from "./stored_json.ts";

const rankingFields = {
  step: count,
  score: z.string(),
  ranking: z.array(z.tuple([z.string(), z.number()])),
};

/** The schema of the scores of one round. */
export const rankingSchema: z.ZodType<Ranking> = z.object(rankingFields);

/** The schema of a matrix that became factors. */
export const selectedSchema: z.ZodType<Selected> = z.object({
  name: z.string(),
  step: count,
  score: z.exactOptional(z.number()),
  error: nullableNumber,
  size: count,
  facts: z.record(z.string(), anyJson),
});

const metrics = z.record(z.string(), nullableNumber);

/** The schema of a training event; other fields of a line, such as its time, are left out. */
export const eventSchema: z.ZodType<TrainingEvent> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("step"),
    step: count,
    steps: count,
    loss: nullableNumber,
    gradientNorm: nullableNumber,
    rate: nullableNumber,
    seconds: nullableNumber,
    examples: count,
    residentBytes: z.number().min(0),
  }),
  z.object({ type: z.literal("evaluation"), step: count, epoch: count, metrics }),
  z.object({ type: z.literal("held-out"), step: count, epoch: count, metrics }),
  z.object({ type: z.literal("scoring"), step: count, examples: count }),
  z.object({ type: z.literal("ranking"), ...rankingFields }),
  z.object({
    type: z.literal("converted"),
    step: count,
    matrices: z.array(selectedSchema),
  }),
  z.object({ type: z.literal("resumed"), step: count }),
]);
