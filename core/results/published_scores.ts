/**
 * Figures that others published, shown beside what was measured.
 *
 * @module
 */
import { z } from "zod";

/** The schema of {@linkcode Published}. */
export const publishedSchema = z.strictObject({
  /** Whose figures, and where they stand. */
  source: z.string(),
  /** What is to be known before they are compared. */
  notes: z.array(z.string()).default([]),
  rows: z.array(z.strictObject({
    /** The model's name in results; where it is absent, the row holds for each. */
    model: z.string().optional(),
    /** The label of the row in the experiment's table, the point of a sweep included. */
    method: z.string(),
    /** Primary metrics by task, in percent. */
    values: z.record(z.string(), z.number()),
    /** Their mean as it was published, in percent. */
    average: z.number().optional(),
    /** Parameters in millions. */
    parameters: z.strictObject({ training: z.number(), merged: z.number() }).optional(),
  })).min(1),
});

/** Published figures, with their source. */
export type Published = z.output<typeof publishedSchema>;
