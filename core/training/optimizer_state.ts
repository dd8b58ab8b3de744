/**
 * What the optimiser keeps of each tensor between steps, by name: matrices come and go, and runs are taken up again.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";

/** The name under which a slot's moments are kept and saved. */
export const slotName = ({ parameter, factor }: ParameterSlot): string =>
  factor === undefined ? parameter.name : `${parameter.name}#${factor}`;

interface Moment {
  first: tf.Tensor;
  second: tf.Tensor;
  /** Updates taken. */
  updates: number;
}

/** Adam's moments of the slots that are trained. */
export class Moments {
  readonly #of = new Map<string, Moment>();

  /** Gives new slots zero moments, and drops those of slots that are gone. */
  follow(slots: readonly ParameterSlot[]): void {
    const names = new Set(slots.map(slotName));
    for (const [name, { first, second }] of this.#of) {
      if (names.has(name)) continue;
      tf.dispose([first, second]);
      this.#of.delete(name);
    }
    for (const slot of slots) {
      if (this.#of.has(slotName(slot))) continue;
      const zeros = () => tf.keep(tf.zeros([...slot.shape]));
      this.#of.set(slotName(slot), { first: zeros(), second: zeros(), updates: 0 });
    }
  }

  /** Of one slot. */
  of(slot: ParameterSlot): Readonly<Moment> {
    return this.#of.get(slotName(slot))!;
  }

  /** An update was taken: these are the moments now, which it takes over, of these slots. */
  updated(
    slots: readonly ParameterSlot[],
    { firsts, seconds }: { firsts: readonly tf.Tensor[]; seconds: readonly tf.Tensor[] },
  ) {
    slots.forEach((slot, index) => {
      const moment = this.#of.get(slotName(slot))!;
      tf.dispose([moment.first, moment.second]);
      moment.first = tf.keep(firsts[index]!);
      moment.second = tf.keep(seconds[index]!);
      moment.updates++;
    });
  }

  /** By slot name: to be written, not disposed. */
  get saved(): ReadonlyMap<string, Readonly<Moment>> {
    return this.#of;
  }

  /** Takes over moments as they were saved. */
  restore(saved: ReadonlyMap<string, Readonly<Moment>>): void {
    for (const [name, moment] of this.#of) {
      const found = saved.get(name);
      if (!found) throw new Error(`The checkpoint has no moments of "${name}".`);
      tf.dispose([moment.first, moment.second]);
      Object.assign(moment, { first: tf.keep(found.first), second: tf.keep(found.second), updates: found.updates });
    }
  }

  dispose(): void {
    for (const { first, second } of this.#of.values()) tf.dispose([first, second]);
  }
}

/** Sums over steps of the gradients of matrices that are still dense, before clipping. */
export class GradientSums {
  readonly #sums = new Map<string, tf.Tensor>();
  #steps = 0;

  /** Begins anew, with these matrices. */
  reset(slots: readonly ParameterSlot[]): void {
    this.dispose();
    this.#sums.clear();
    for (const slot of slots) this.#sums.set(slotName(slot), tf.keep(tf.zeros([...slot.shape])));
    this.#steps = 0;
  }

  /** In the order of {@linkcode reset}. */
  get tensors(): tf.Tensor[] {
    return [...this.#sums.values()];
  }

  /** By slot name: to be written, not disposed. */
  get saved(): ReadonlyMap<string, tf.Tensor> {
    return this.#sums;
  }

  /** Steps that were summed. */
  get steps(): number {
    return this.#steps;
  }

  /** A step was added: these are the sums now, which it takes over. */
  replace(sums: readonly tf.Tensor[], steps = this.#steps + 1): void {
    for (const [at, [name, old]] of [...this.#sums].entries()) {
      old.dispose();
      this.#sums.set(name, tf.keep(sums[at]!));
    }
    this.#steps = steps;
  }

  /** The mean gradient over the steps, by matrix: new tensors. */
  means(): Map<string, tf.Tensor2D> {
    return new Map([...this.#sums].map(([name, sum]) => [name, tf.div<tf.Tensor2D>(sum, Math.max(1, this.#steps))]));
  }

  dispose(): void {
    tf.dispose(this.tensors);
  }
}
