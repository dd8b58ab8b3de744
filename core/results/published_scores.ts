/**
 * Figures that others published, shown beside what was measured.
 *
 * @module
 */
import { z } from "zod";

/** A row of a published table. */
export interface PublishedRow {
  /** The model's name in results; a row without it holds for each model. */
  readonly model?: string | undefined;
  /** The label of the row in the experiment's table, with the point of a sweep. */
  readonly method: string;
  /** Primary metrics by task, in percent. */
  readonly values: { readonly [task: string]: number };
  /** Their mean as it was published, in percent. */
  readonly average?: number | undefined;
  /** Parameters in millions. */
  readonly parameters?: { readonly training: number; readonly merged: number } | undefined;
}

/** Published scores, with their source. */
export interface Published {
  /** Whose scores, and where they stand. */
  readonly source: string;
  /** What to know before comparing with them. */
  readonly notes: readonly string[];
  readonly rows: readonly PublishedRow[];
}

/** Published scores as an experiment declares them. @default no notes */
export type PublishedOptions = Omit<Published, "notes"> & Partial<Pick<Published, "notes">>;

/** Their schema. */
export const publishedSchema: z.ZodType<Published> = z.strictObject({
  source: z.string(),
  notes: z.array(z.string()).default([]),
  rows: z.array(z.strictObject({
    model: z.string().optional(),
    method: z.string(),
    values: z.record(z.string(), z.number()),
    average: z.number().optional(),
    parameters: z.strictObject({ training: z.number(), merged: z.number() }).optional(),
  })).min(1),
});
