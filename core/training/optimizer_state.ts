/**
 * What the optimizer keeps of each tensor between steps, by slot name: matrices become factors, and runs are resumed.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";

/** The name under which a slot's state is kept and stored. */
export const slotName = ({ parameter, factor }: ParameterSlot): string =>
  factor === undefined ? parameter.name : `${parameter.name}#${factor}`;

interface Moment {
  first: tf.Tensor;
  second: tf.Tensor;
  /** Updates taken. */
  updates: number;
}

/** Adam's moments of the trained slots. */
export class Moments {
  readonly #bySlot = new Map<string, Moment>();

  /** Gives new slots zero moments, and drops those of slots that no longer exist. */
  syncWith(slots: readonly ParameterSlot[]): void {
    const names = new Set(slots.map(slotName));
    for (const [name, { first, second }] of this.#bySlot) {
      if (names.has(name)) continue;
      tf.dispose([first, second]);
      this.#bySlot.delete(name);
    }
    for (const slot of slots) {
      if (this.#bySlot.has(slotName(slot))) continue;
      const zeros = () => tf.keep(tf.zeros([...slot.shape]));
      this.#bySlot.set(slotName(slot), { first: zeros(), second: zeros(), updates: 0 });
    }
  }

  /** The moments of one slot. */
  of(slot: ParameterSlot): Readonly<Moment> {
    return this.#bySlot.get(slotName(slot))!;
  }

  /** Replaces the moments of these slots after an update. It takes over the tensors. */
  update(
    slots: readonly ParameterSlot[],
    { firsts, seconds }: { firsts: readonly tf.Tensor[]; seconds: readonly tf.Tensor[] },
  ): void {
    slots.forEach((slot, index) => {
      const moment = this.#bySlot.get(slotName(slot))!;
      tf.dispose([moment.first, moment.second]);
      moment.first = tf.keep(firsts[index]!);
      moment.second = tf.keep(seconds[index]!);
      moment.updates++;
    });
  }

  /** By slot name. The tensors stay the moments' own. */
  get state(): ReadonlyMap<string, Readonly<Moment>> {
    return this.#bySlot;
  }

  /** Replaces all moments by stored ones. It takes over the tensors. */
  restore(state: ReadonlyMap<string, Readonly<Moment>>): void {
    for (const [name, moment] of this.#bySlot) {
      const stored = state.get(name);
      if (!stored) throw new Error(`The checkpoint has no moments of "${name}".`);
      tf.dispose([moment.first, moment.second]);
      Object.assign(moment, { first: tf.keep(stored.first), second: tf.keep(stored.second), updates: stored.updates });
    }
  }

  dispose(): void {
    for (const { first, second } of this.#bySlot.values()) tf.dispose([first, second]);
  }
}

/** Accumulates the gradients of dense matrices over steps, before clipping. */
export class GradientAccumulator {
  readonly #bySlot = new Map<string, tf.Tensor>();
  #steps = 0;

  /** Restarts at zero, with these matrices. */
  reset(slots: readonly ParameterSlot[]): void {
    this.dispose();
    this.#bySlot.clear();
    for (const slot of slots) this.#bySlot.set(slotName(slot), tf.keep(tf.zeros([...slot.shape])));
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
