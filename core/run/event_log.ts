/**
 * `events.jsonl`: a line for each training event, written as it happens.
 *
 * @module
 */
import { parseJson } from "../io/json_text.ts";
import { eventSchema } from "../results/event.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import type { Position } from "../training/training_state.ts";

/** A log that each event is appended to. */
export class EventLog implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Opens an empty log, or that of a run that is resumed: events after that point are dropped, as they happen again. */
  static async open(path: string, { resumedAt }: { readonly resumedAt?: Position | undefined }): Promise<EventLog> {
    const file = await Deno.open(path, { read: true, write: true, create: true, truncate: !resumedAt });
    if (resumedAt) {
      const end = endOfEventsUntil(resumedAt, await Deno.readFile(path));
      await file.truncate(end);
      await file.seek(end, Deno.SeekMode.Start);
    }
    return new EventLog(file);
  }

  write(event: TrainingEvent, { seconds }: { readonly seconds: number }): void {
    const line = new TextEncoder().encode(JSON.stringify({ time: seconds, ...event }) + "\n");
    for (let offset = 0; offset < line.length;) offset += this.#file.writeSync(line.subarray(offset));
  }

  /** Flushes to the disk all that was written. */
  sync(): void {
    this.#file.syncSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** The order of what happens after a step. */
const PHASES = { step: 0, resumed: 0, evaluation: 1, "held-out": 1, scoring: 2, ranking: 2, converted: 2 } as const;
const PHASE_OF_POSITION = { step: 0, evaluation: 1, round: 2 } as const;

// The offset after the last whole line of an event that happened by then.
function endOfEventsUntil({ step, phase }: Position, bytes: Uint8Array): number {
  const decoder = new TextDecoder();
  let end = 0;
  for (let next; (next = bytes.indexOf(10, end) + 1) > 0; end = next) {
    const event = eventOf(decoder.decode(bytes.subarray(end, next)));
    if (!event || event.step > step) break;
    if (event.step === step && PHASES[event.type] > PHASE_OF_POSITION[phase]) break;
  }
  return end;
}

function eventOf(line: string): TrainingEvent | undefined {
  try {
    return eventSchema.safeParse(parseJson(line)).data;
  } catch {
    return undefined;
  }
}
