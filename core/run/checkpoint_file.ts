/**
 * The state of a run that is not finished, in its folder.
 *
 * @module
 */
import { dirname } from "node:path";
import { exists } from "../io/cache.ts";
import { messageOf } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { Checkpoint, TrainingFacts, TrainingState } from "../training/training_state.ts";
import { removeStaleTempFiles } from "../io/atomic_file.ts";

/** Raised whenever what is kept changes: older ones are then not taken up. */
const CHECKPOINT_VERSION = 1;

/** What a run measured before it was taken up. */
export interface Before {
  /** Seconds from its start. */
  readonly seconds: number;
  readonly peakBytes: number;
  /** Steps that it was taken up at. */
  readonly resumedFrom: readonly number[];
}

interface Kept {
  readonly version: number;
  readonly id: string;
  readonly before: Before;
  readonly facts: TrainingFacts;
}

type Read = (Kept & Pick<TrainingState, "tensors">) | undefined;

/** What a checkpoint is told. */
export interface RunCheckpointOptions {
  readonly id: string;
  readonly everySeconds: number;
  /** What is measured of the run until now. */
  readonly measured: () => Before;
  /** Puts on the disk what the run wrote beside its state, before the state that goes on from there. */
  readonly settle: () => void;
  readonly note: (message: string) => void;
}

/** One file, replaced as a whole every so many seconds. */
export class RunCheckpoint implements Checkpoint {
  readonly #path: string;
  readonly #options: RunCheckpointOptions;
  readonly #kept: Kept | undefined;
  #tensors: TrainingState["tensors"] | undefined;
  #last = performance.now();

  private constructor(path: string, options: RunCheckpointOptions, kept: Read) {
    this.#path = path;
    this.#options = options;
    this.#kept = kept && { version: kept.version, id: kept.id, before: kept.before, facts: kept.facts };
    this.#tensors = kept?.tensors;
  }

  /** Reads what is kept at `path`. What is of another version or cannot be read is not taken up, with a word. */
  static async open(path: string, options: RunCheckpointOptions): Promise<RunCheckpoint> {
    await removeStaleTempFiles(dirname(path));
    return new RunCheckpoint(path, options, await read(path, options));
  }

  take(): TrainingState | undefined {
    const tensors = this.#tensors;
    this.#tensors = undefined;
    return this.#kept && tensors && { facts: this.#kept.facts, tensors };
  }

  /** What was measured before the run was taken up, this time included among `resumedFrom`. */
  get before(): Before {
    if (!this.#kept) return { seconds: 0, peakBytes: 0, resumedFrom: [] };
    const { before, facts: { at: { step } } } = this.#kept;
    return { ...before, resumedFrom: [...before.resumedFrom, step] };
  }

  due(): boolean {
    return performance.now() - this.#last >= 1000 * this.#options.everySeconds;
  }

  /** A checkpoint that cannot be written costs a word, not the run. */
  async keep({ facts, tensors }: TrainingState): Promise<void> {
    const { id, measured, settle, note } = this.#options;
    const kept: Kept = { version: CHECKPOINT_VERSION, id, before: measured(), facts };
    try {
      settle();
      await Deno.mkdir(dirname(this.#path), { recursive: true });
      await writeSafetensors(this.#path, tensors, { state: JSON.stringify(kept) });
    } catch (error) {
      note(`The checkpoint after step ${facts.at.step} could not be written: ${messageOf(error)}`);
    }
    this.#last = performance.now();
  }

  /** Takes it away, once there is a result. */
  async remove(): Promise<void> {
    const folder = dirname(this.#path);
    if (await exists(folder)) await Deno.remove(folder, { recursive: true });
  }
}

async function read(path: string, { id, note }: RunCheckpointOptions): Promise<Read> {
  if (!await exists(path)) return undefined;
  try {
    const file = await readSafetensors(path);
    const kept = JSON.parse(file.metadata.state!) as Kept;
    if (kept.version === CHECKPOINT_VERSION && kept.id === id) {
      return { ...kept, tensors: new Map([...file.entries.keys()].map((name) => [name, file.tensor(name)])) };
    }
    note(`The checkpoint of run ${id} is of another version: the run begins anew.`);
  } catch (error) {
    note(`The checkpoint of run ${id} is not taken up: ${messageOf(error)} The run begins anew.`);
  }
  return undefined;
}
