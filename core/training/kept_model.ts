/**
 * The merged model that a run returns: its last one, or the best on the held-out examples.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { MergedModel } from "./evaluation.ts";
import type { TrainingFacts } from "./training_state.ts";

/** Keeps one merged model, and disposes of the others. */
export class KeptModel {
  #kept: { readonly value: number; readonly model: MergedModel } | undefined;

  /** Keeps this model instead of the one before. */
  replace(model: MergedModel, value = 0): void {
    this.dispose();
    this.#kept = { value, model };
  }

  /** Keeps this model if its value is higher. An undefined value (`NaN`) is worse than any other. */
  offer(model: MergedModel, value: number): void {
    const best = this.#kept?.value;
    if (best === undefined || value > best || Number.isNaN(best) && !Number.isNaN(value)) this.replace(model, value);
    else tf.dispose([...model.merged.values()]);
  }

  /** The model. The caller takes over its tensors. */
  take(): MergedModel | undefined {
    const model = this.#kept?.model;
    this.#kept = undefined;
    return model;
  }

  /** Its tensors, by parameter. They stay the kept model's own. */
  get tensors(): ReadonlyMap<string, tf.Tensor> {
    return this.#kept?.model.merged ?? new Map();
  }

  /** All else that is stored of it; `undefined` before the first model. */
  get facts(): TrainingFacts["best"] {
    if (!this.#kept) return undefined;
    const { value, model: { mergeDifference, logits } } = this.#kept;
    return { value: Number.isFinite(value) ? value : null, mergeDifference, logits };
  }

  /** Keeps a stored model. It takes over the tensors. */
  restore({ value, ...facts }: NonNullable<TrainingFacts["best"]>, merged: Map<string, tf.Tensor>): void {
    this.replace({ merged, ...facts }, value ?? NaN);
  }

  dispose(): void {
    tf.dispose([...this.tensors.values()]);
    this.#kept = undefined;
  }
}
