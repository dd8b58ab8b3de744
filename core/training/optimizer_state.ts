/**
 * What the optimizer keeps of each tensor between steps, by slot name: matrices become factors, and runs are resumed.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { UnreadTensor } from "../io/safetensors.ts";
import type { ParameterSlot } from "../model/weights.ts";

/** The name under which a slot's state is kept and stored. */
export const slotName = ({ parameter, factor }: ParameterSlot): string =>
  factor === undefined ? parameter.name : `${parameter.name}#${factor}`;

/** Slots that are updated as one: their moments, joined, and the updates taken. */
export interface MomentGroup {
  readonly slots: readonly ParameterSlot[];
  first: tf.Tensor;
  second: tf.Tensor;
  updates: number;
}

/** The moments of a slot, to be read. */
export interface StoredMoment {
  readonly first: UnreadTensor;
  readonly second: UnreadTensor;
  readonly updates: number;
}

/** Adam's moments of the trained slots. */
export class Moments {
  readonly #keyOf: (slot: ParameterSlot) => string;
  #groups: MomentGroup[] = [];

  /** @param keyOf slots with one key and as many updates share their tensors. @default each slot has its own */
  constructor(keyOf: (slot: ParameterSlot) => string = slotName) {
    this.#keyOf = keyOf;
  }

  get groups(): readonly Readonly<MomentGroup>[] {
    return this.#groups;
  }

  /** Gives new slots zero moments, and drops those of slots that no longer exist. */
  syncWith(slots: readonly ParameterSlot[]): void {
    const groupOf = new Map(this.#groups.flatMap((group) => group.slots.map((slot) => [slotName(slot), group])));
    const updatesOf = (slot: ParameterSlot) => groupOf.get(slotName(slot))?.updates ?? 0;
    let stored: Map<string, StoredMoment> | undefined; // read only where a group changes
    this.#group(slots, updatesOf, (members) => {
      const old = groupOf.get(slotName(members[0]!));
      if (old && old.slots.map(slotName).join() === members.map(slotName).join()) return old;
      if (updatesOf(members[0]!) === 0) {
        const zeros = () => tf.keep(tf.fill(shapeOf(members), 0)); // filled by the engine, not sent to it
        return { slots: members, first: zeros(), second: zeros(), updates: 0 };
      }
      return groupOfStored(members, stored ??= this.stored());
    });
  }

  /** Replaces the moments of all groups after an update. It takes over the tensors. */
  update({ firsts, seconds }: { firsts: readonly tf.Tensor[]; seconds: readonly tf.Tensor[] }): void {
    this.#groups.forEach((group, index) => {
      tf.dispose([group.first, group.second]);
      group.first = tf.keep(firsts[index]!);
      group.second = tf.keep(seconds[index]!);
      group.updates++;
    });
  }

  /** By slot name, to be read before the next update. */
  stored(): Map<string, StoredMoment> {
    return new Map(this.#groups.flatMap(({ slots, first, second, updates }) => {
      const [ofFirst, ofSecond] = [first, second].map((tensor) => readerOf(tensor, { parts: slots.length }));
      let end = 0;
      return slots.map((slot) => {
        const from = end, to = end += sizeOf(slot);
        const part = (read: () => Float32Array): UnreadTensor => ({
          shape: [...slot.shape],
          read: () => read().subarray(from, to),
        });
        return [slotName(slot), { first: part(ofFirst!), second: part(ofSecond!), updates }] as const;
      });
    }));
  }

  /** Replaces all moments by stored ones. */
  restore(state: ReadonlyMap<string, StoredMoment>): void {
    const slots = this.#groups.flatMap(({ slots }) => slots);
    const missing = slots.map(slotName).find((name) => !state.has(name));
    if (missing !== undefined) throw new Error(`The checkpoint has no moments of "${missing}".`);
    this.#group(slots, (slot) => state.get(slotName(slot))!.updates, (members) => groupOfStored(members, state));
  }

  dispose(): void {
    for (const { first, second } of this.#groups) tf.dispose([first, second]);
  }

  #group(
    slots: readonly ParameterSlot[],
    updatesOf: (slot: ParameterSlot) => number,
    make: (members: ParameterSlot[]) => MomentGroup,
  ): void {
    const members = Map.groupBy(slots, (slot) => `${updatesOf(slot)} ${this.#keyOf(slot)}`);
    const groups = [...members.values()].map(make);
    for (const old of this.#groups) if (!groups.includes(old)) tf.dispose([old.first, old.second]);
    this.#groups = groups;
  }
}

// One copy for all slots of a group.
function readerOf(tensor: tf.Tensor, { parts }: { readonly parts: number }): () => Float32Array {
  const read = () => tensor.dataSync() as Float32Array;
  let copy: Float32Array | undefined;
  return parts === 1 ? read : () => copy ??= read();
}

const sizeOf = ({ shape }: ParameterSlot): number => tf.util.sizeFromShape([...shape]);

/** The shape of slots that are joined: that of a single one, else a vector's. */
const shapeOf = (slots: readonly ParameterSlot[]): number[] =>
  slots.length === 1 ? [...slots[0]!.shape] : [slots.reduce((sum, slot) => sum + sizeOf(slot), 0)];

function groupOfStored(slots: readonly ParameterSlot[], state: ReadonlyMap<string, StoredMoment>): MomentGroup {
  const moments = slots.map((slot) => state.get(slotName(slot))!);
  const joined = (part: "first" | "second") => {
    const all = new Float32Array(slots.reduce((sum, slot) => sum + sizeOf(slot), 0));
    let from = 0;
    for (const moment of moments) {
      const values = moment[part].read();
      all.set(values, from);
      from += values.length;
    }
    return tf.keep(tf.tensor(all, shapeOf(slots)));
  };
  return { slots, first: joined("first"), second: joined("second"), updates: moments[0]!.updates };
}

/** Accumulates the gradients of dense matrices over steps, before clipping. */
export class GradientAccumulator {
  readonly #bySlot = new Map<string, tf.Tensor>();
  #steps = 0;

  /** Restarts at zero, with these matrices. */
  reset(slots: readonly ParameterSlot[]): void {
    this.dispose();
    this.#bySlot.clear();
    for (const slot of slots) this.#bySlot.set(slotName(slot), tf.keep(tf.fill([...slot.shape], 0)));
    this.#steps = 0;
  }

  /** The sums, in the order of the slots of {@linkcode reset}. */
  get sums(): tf.Tensor[] {
    return [...this.#bySlot.values()];
  }

  /** By slot name. The tensors stay the accumulator's own. */
  get state(): ReadonlyMap<string, tf.Tensor> {
    return this.#bySlot;
  }

  /** Number of accumulated steps. */
  get steps(): number {
    return this.#steps;
  }

  /** Replaces the sums, after one more step by default. It takes over the tensors. */
  replace(sums: readonly tf.Tensor[], steps: number = this.#steps + 1): void {
    for (const [index, [name, old]] of [...this.#bySlot].entries()) {
      old.dispose();
      this.#bySlot.set(name, tf.keep(sums[index]!));
    }
    this.#steps = steps;
  }

  /** The mean gradient over the steps, by matrix, as new tensors. */
  means(): Map<string, tf.Tensor2D> {
    return new Map(
      [...this.#bySlot].map(([name, sum]) => [name, tf.div<tf.Tensor2D>(sum, Math.max(1, this.#steps))]),
    );
  }

  dispose(): void {
    tf.dispose(this.sums);
  }
}
