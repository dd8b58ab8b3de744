/**
 * What a worker process and its parent write to each other: lines of JSON.
 *
 * @module
 */
import { z } from "zod";
import type { Request } from "../../experiment/request.ts";
import { eventSchema } from "../../results/event.ts";
import { type Result, resultSchema } from "../../results/result.ts";
import type { RequiredOutputs } from "../../run/cached_result.ts";
import type { RunCoordinates } from "../../run/run_spec.ts";
import type { TrainingEvent } from "../../training/fine_tune_request.ts";

/** The first line of a worker's standard input. */
export interface WorkerRequest {
  readonly request: Request;
  /** URL of the experiment's file. */
  readonly experiment: string;
  /** Sha256 of modules from outside the tree. */
  readonly modules: readonly string[];
}

/** Each further line: a run to do. */
export interface WorkerOrder extends RequiredOutputs {
  readonly place: RunCoordinates;
  readonly id: string;
}

/** A line of a worker's standard output. */
export type WorkerMessage =
  | { readonly type: "ready" }
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "event"; readonly event: TrainingEvent }
  /** `overMemoryBudget`: the worker retains so much memory that another process should do the next run. */
  | { readonly type: "done"; readonly result: Result; readonly overMemoryBudget: boolean }
  /** Another process is doing this run. */
  | { readonly type: "busy" }
  | { readonly type: "failed"; readonly error: string; readonly stack: string }
  | { readonly type: "interrupted" };

/** The schema of {@linkcode WorkerMessage}: numbers that are not finite cross as `null`, and read as `NaN`. */
export const workerMessageSchema: z.ZodType<WorkerMessage> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("note"), message: z.string() }),
  z.object({ type: z.literal("event"), event: eventSchema }),
  z.object({ type: z.literal("done"), result: resultSchema, overMemoryBudget: z.boolean() }),
  z.object({ type: z.literal("busy") }),
  z.object({ type: z.literal("failed"), error: z.string(), stack: z.string() }),
  z.object({ type: z.literal("interrupted") }),
]);

/** A value as a line. */
export const encodeLine = (value: WorkerRequest | WorkerOrder | WorkerMessage): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value) + "\n");
