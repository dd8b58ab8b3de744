/**
 * A run's events as TensorBoard shows them.
 *
 * @module
 */
import { engine, type SummaryWriter } from "../backend/engine.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";

/** Event files in a folder of their own; a run that is resumed adds another. */
export class Summaries implements Disposable {
  readonly #writer: SummaryWriter | undefined;

  /** `note` says if the backend writes none. */
  constructor(folder: string, { note }: { note: (message: string) => void }) {
    this.#writer = engine().summaryWriter?.(folder);
    if (!this.#writer) note(`The backend "${engine().name}" writes no files for TensorBoard.`);
  }

  /** Writes the values of a step or an evaluation. */
  write(event: TrainingEvent): void {
    if (event.type === "step") {
      const { step, loss, gradientNorm, rate } = event;
      this.#scalars("training", step, { loss, gradientNorm, rate });
    } else if (event.type === "evaluation" || event.type === "held-out") {
      this.#scalars(event.type, event.step, event.metrics);
    }
  }

  #scalars(group: string, step: number, values: { readonly [name: string]: number }): void {
    for (const [name, value] of Object.entries(values)) this.#writer?.scalar(`${group}/${name}`, { step, value });
  }

  [Symbol.dispose](): void {
    this.#writer?.close();
  }
}
