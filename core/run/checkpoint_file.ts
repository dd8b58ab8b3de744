/**
 * The state of a run that is not finished, in its folder.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { removeStaleTempFiles } from "../io/atomic_file.ts";
import { exists } from "../io/cache.ts";
import { bytesOf, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import { freeUnusedBuffers } from "../io/unused_buffers.ts";
import { rankingSchema, selectedSchema } from "../results/event.ts";
import { FILES } from "../results/result.ts";
import { count, nullableNumber, parseStored, runId } from "../results/stored_json.ts";
import type { Checkpoint, Position, TrainingFacts, TrainingState } from "../training/training_state.ts";

/** Raised whenever the content of a checkpoint changes: older ones are not resumed. */
const CHECKPOINT_VERSION = 3;

/** The path of a checkpoint in a run's folder. */
export const checkpointPath = (folder: string): string => `${folder}/${FILES.checkpoint}/state.safetensors`;

/** What was measured of a run so far. */
export interface Usage {
  /** Seconds since its start. */
  readonly seconds: number;
  readonly peakBytes: number;
  /** Steps after which it was resumed. */
  readonly resumedFrom: readonly number[];
}

/** What a checkpoint stores beside its tensors. */
interface StoredState {
  readonly version: number;
  readonly id: string;
  readonly usage: Usage;
  readonly facts: TrainingFacts;
}

const factsSchema: z.ZodType<TrainingFacts> = z.object({
  position: z.object({ step: count, phase: z.enum(["step", "evaluation", "round"]) }),
  rounds: z.object({
    selected: z.array(selectedSchema),
    rankings: z.array(rankingSchema),
    conversions: z.array(
      z.object({ names: z.array(z.string()), movements: z.array(z.record(z.string(), nullableNumber)) }),
    ),
    factorizeDifference: nullableNumber,
    seconds: z.object({ selection: z.number(), decomposition: z.number() }),
  }),
  updates: z.record(z.string(), count),
  accumulatedSteps: count,
  best: z.exactOptional(z.object({
    value: z.number().nullable(),
    mergeDifference: nullableNumber,
    logits: z.array(z.array(z.number())),
  })),
  seconds: z.object({ evaluation: z.number(), firstStep: z.number(), steps: z.array(z.number()) }),
});

const storedSchema: z.ZodType<StoredState> = z.object({
  version: z.literal(CHECKPOINT_VERSION),
  id: runId,
  usage: z.object({ seconds: z.number().min(0), peakBytes: z.number().min(0), resumedFrom: z.array(count) }),
  facts: factsSchema,
});

/** Where a checkpoint is, and what else it stores. */
export interface RunCheckpointOptions {
  readonly id: string;
  /** Steps of the whole run: a checkpoint of a later one is not its. */
  readonly steps: number;
  readonly everySeconds: number;
  /** What was measured of the run until now. */
  readonly usage: () => Usage;
  /** Flushes what the run wrote beside its state, before the state that continues from there. */
  readonly flush: () => void;
  readonly note: (message: string) => void;
}

/** One file, replaced as a whole from time to time. */
export class RunCheckpoint implements Checkpoint {
  readonly #path: string;
  readonly #options: RunCheckpointOptions;
  readonly #stored: StoredState | undefined;
  #tensors: TrainingState["tensors"] | undefined;
  #last = performance.now();

  private constructor(path: string, options: RunCheckpointOptions, read: Read | undefined) {
    this.#path = path;
    this.#options = options;
    this.#stored = read?.stored;
    this.#tensors = read?.tensors;
  }

  /** Reads the file at `path`. One that is damaged, or of another version or run, is not resumed; `note` says why. */
  static async open(path: string, options: RunCheckpointOptions): Promise<RunCheckpoint> {
    await removeStaleTempFiles(dirname(path));
    return new RunCheckpoint(path, options, await read(path, options));
  }

  load(): TrainingState | undefined {
    const tensors = this.#tensors;
    this.#tensors = undefined;
    return this.#stored && tensors && { facts: this.#stored.facts, tensors };
  }

  /** Where the run is resumed; `undefined` for one that starts. */
  get resumedAt(): Position | undefined {
    return this.#stored?.facts.position;
  }

  /** What was measured before the run was resumed, this time included in `resumedFrom`. */
  get usage(): Usage {
    if (!this.#stored) return { seconds: 0, peakBytes: 0, resumedFrom: [] };
    const { usage, facts: { position: { step } } } = this.#stored;
    return { ...usage, resumedFrom: [...usage.resumedFrom, step] };
  }

  due(): boolean {
    return performance.now() - this.#last >= 1000 * this.#options.everySeconds;
  }

  /** Failing to write a checkpoint logs a warning only. */
  async save({ facts, tensors }: TrainingState): Promise<void> {
    const { id, usage, flush, note } = this.#options;
    const stored: StoredState = { version: CHECKPOINT_VERSION, id, usage: usage(), facts };
    try {
      flush();
      await Deno.mkdir(dirname(this.#path), { recursive: true });
      const state = JSON.stringify(stored);
      await writeSafetensors(this.#path, tensors, { state, sha256: digestOf(state, tensors) });
    } catch (error) {
      note(`The checkpoint after step ${facts.position.step} could not be written: ${messageOf(error)}`);
    }
    this.#last = performance.now();
  }

  /** Removes it once there is a result. */
  async remove(): Promise<void> {
    const folder = dirname(this.#path);
    if (await exists(folder)) await Deno.remove(folder, { recursive: true });
  }
}

interface Read {
  readonly stored: StoredState;
  readonly tensors: TrainingState["tensors"];
}

async function read(path: string, { id, steps, note }: RunCheckpointOptions): Promise<Read | undefined> {
  if (!await exists(path)) return undefined;
  try {
    const file = await readSafetensors(path);
    const { state = "", sha256 } = file.metadata;
    const stored = parseStored(state, { schema: storedSchema, place: path });
    if (stored.id !== id) throw new Error(`${path}: expected the run "${id}", got "${stored.id}".`);
    const { step } = stored.facts.position;
    if (step > steps) throw new Error(`${path}: expected at most ${steps} steps, got ${step}.`);
    const tensors = new Map(
      [...file.entries].map(([name, { shape }]) => [
        name,
        { shape, read: () => file.tensor(name).values as Float32Array },
      ]),
    );
    if (digestOf(state, tensors) !== sha256) {
      throw new Error(`${path}: its SHA-256 is not the one it was written with.`);
    }
    return { stored, tensors };
  } catch (error) {
    note(`Run ${id} is not resumed: ${messageOf(error).replace(/\.$/, "")}; it starts over.`);
    return undefined;
  }
}

// Of the state and of each tensor's name, shape and bytes.
function digestOf(state: string, tensors: TrainingState["tensors"]): string {
  const hash = createHash("sha256").update(state);
  for (const [name, { shape, read }] of tensors) {
    hash.update(JSON.stringify([name, shape])).update(bytesOf(read()));
    freeUnusedBuffers();
  }
  return hash.digest("hex");
}
