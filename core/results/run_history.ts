/**
 * The events of a run, from its `events.jsonl`.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { readTextFileIfPresent } from "../io/text_file.ts";
import { eventSchema } from "./event.ts";
import { FILES } from "./result.ts";
import { parseStored } from "./stored_json.ts";

type EventOf<T extends TrainingEvent["type"]> = Extract<TrainingEvent, { readonly type: T }>;

/** What reports show of a run's events, in order. Thousands of runs have millions of steps: these are two arrays. */
export interface RunHistory {
  readonly steps: Int32Array;
  /** Of each of the steps; `NaN` if it was not finite. */
  readonly losses: Float64Array;
  readonly evaluations: readonly EventOf<"evaluation">[];
  readonly rankings: readonly EventOf<"ranking">[];
}

/**
 * Reads the events in a run's folder; a run without `events.jsonl` has none.
 *
 * @throws {RequestError} for a damaged file
 */
export async function readRunHistory(folder: string): Promise<RunHistory> {
  const path = `${folder}/${FILES.events}`;
  const text = await readTextFileIfPresent(path) ?? "";
  const steps: number[] = [], losses: number[] = [];
  const evaluations: EventOf<"evaluation">[] = [], rankings: EventOf<"ranking">[] = [];
  text.split("\n").slice(0, -1).forEach((line, index) => {
    const event = stepOf(line) ?? parseStored(line, { schema: eventSchema, place: `${path}, line ${index + 1}` });
    if (event.step > MAX_STEP) {
      throw new RequestError(`${path}, line ${index + 1}: "step": expected at most ${MAX_STEP}.`);
    }
    if (event.type === "step") steps.push(event.step), losses.push(event.loss);
    else if (event.type === "evaluation") evaluations.push(event);
    else if (event.type === "ranking") rankings.push(event);
  });
  return { steps: Int32Array.from(steps), losses: Float64Array.from(losses), evaluations, rankings };
}

const MAX_STEP = 2 ** 31 - 1;

const NUMBER = String.raw`-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?(?:e[-+]?\d\d?)?`, COUNT = String.raw`(?:0|[1-9]\d{0,8})`;
const STEP = new RegExp(
  `^\\{"time":${NUMBER},"type":"step","step":(${COUNT}),"steps":${COUNT},"loss":(${NUMBER}),"gradientNorm":${NUMBER},` +
    `"rate":${NUMBER},"seconds":${NUMBER},"examples":${COUNT},"residentBytes":[1-9]\\d{0,20}\\}$`,
);

// A step in the form in which runs write it, which fits the schema; any other line is checked by the schema. Nearly all lines
// are steps, and this is ten times as fast.
function stepOf(line: string): Pick<EventOf<"step">, "type" | "step" | "loss"> | undefined {
  const match = STEP.exec(line);
  return match ? { type: "step", step: Number(match[1]), loss: Number(match[2]) } : undefined;
}
