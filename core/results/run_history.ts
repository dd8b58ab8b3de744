/**
 * What happened in a run, from its `events.jsonl`.
 *
 * @module
 */
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { type ExperimentResults, readLines } from "./experiment_results.ts";
import { FILES } from "./result.ts";

type EventOf<T extends TrainingEvent["type"]> = Extract<TrainingEvent, { readonly type: T }>;

/** Events by kind, in order. */
export interface RunHistory {
  readonly steps: readonly EventOf<"step">[];
  readonly evaluations: readonly EventOf<"evaluation">[];
  readonly rankings: readonly EventOf<"ranking">[];
}

/** Reads a run's story; empty where it has none. */
export async function readRunHistory({ folder }: Pick<ExperimentResults, "folder">, id: string): Promise<RunHistory> {
  const events = lasting(await readLines<TrainingEvent>(`${folder}/${id}/${FILES.events}`) ?? []);
  const of = <T extends TrainingEvent["type"]>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type);
  return { steps: of("step"), evaluations: of("evaluation"), rankings: of("ranking") };
}

/** What lasted: events after the step at which a run was taken up again happened once more below. */
export function lasting(events: readonly TrainingEvent[]): TrainingEvent[] {
  let kept: TrainingEvent[] = [];
  for (const event of events) {
    if (event.type === "resumed") kept = kept.filter((before) => before.step <= event.step);
    else kept.push(event);
  }
  return kept;
}
