/**
 * The events of a run, from its `events.jsonl`.
 *
 * @module
 */
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { eventSchema } from "./event.ts";
import { FILES } from "./result.ts";
import { readStoredLines } from "./stored_json.ts";

type EventOf<T extends TrainingEvent["type"]> = Extract<TrainingEvent, { readonly type: T }>;

/** Events by type, in order. */
export interface RunHistory {
  readonly steps: readonly EventOf<"step">[];
  readonly evaluations: readonly EventOf<"evaluation">[];
  readonly rankings: readonly EventOf<"ranking">[];
}

/**
 * Reads the events in a run's folder; a run without `events.jsonl` has none.
 *
 * @throws {RequestError} for a damaged file
 */
export async function readRunHistory(folder: string): Promise<RunHistory> {
  const events = await readStoredLines(`${folder}/${FILES.events}`, eventSchema) ?? [];
  const of = <T extends TrainingEvent["type"]>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type);
  return { steps: of("step"), evaluations: of("evaluation"), rankings: of("ranking") };
}
