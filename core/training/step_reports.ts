/**
 * The reports of steps, read some time after the steps were started: the device computes, and the host is ahead of it.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";
import * as tf from "../backend/tf.ts";
import type { StepReport } from "./step.ts";

/** Reports stay on the device for so long, then they are all read at once. */
const READ_SECONDS = 0.1;

/** A step that may still run. */
export interface StartedStep {
  /** Loss and gradient norm `[2]`. */
  readonly report: tf.Tensor1D;
  /** When its batch began to be made: `performance.now()`. */
  readonly started: number;
}

/**
 * Collects the reports of started steps. One that is not finite stays on the device until it is read, too: later steps do not
 * replace it. At most two steps run at a time, one of which waits for the other.
 */
export class StepReports<S extends StartedStep> {
  readonly #onReport: (step: S, report: StepReport & { readonly seconds: number }) => void;
  /** Steps that may still run, the oldest first. */
  readonly #running: S[] = [];
  /** Steps that ended and whose reports are not read yet. */
  readonly #unread: { readonly step: S; readonly seconds: number }[] = [];
  #lastEnd = 0;
  #lastRead = 0;

  /** @param onReport receives the steps in their order, each with the seconds by which it ended after the one before */
  constructor(onReport: (step: S, report: StepReport & { readonly seconds: number }) => void) {
    this.#onReport = onReport;
  }

  /** Adds a step that was started, and waits for the one before it. It takes over the report. */
  async add(step: S): Promise<void> {
    this.#running.push(step);
    await this.#wait(engine().ready ? 1 : 0);
    if (performance.now() - this.#lastRead >= 1000 * READ_SECONDS) await this.#read();
  }

  /** Waits for all steps, and reads all reports. */
  async settle(): Promise<void> {
    await this.#wait(0);
    await this.#read();
  }

  dispose(): void {
    tf.dispose([...this.#running, ...this.#unread.map(({ step }) => step)].map(({ report }) => report));
  }

  // Until at most so many steps run.
  async #wait(count: number): Promise<void> {
    while (this.#running.length > count) {
      const step = this.#running[0]!;
      await engine().ready?.(step.report);
      this.#running.shift();
      const end = performance.now();
      this.#unread.push({ step, seconds: (end - Math.max(step.started, this.#lastEnd)) / 1000 });
      this.#lastEnd = end;
    }
  }

  async #read(): Promise<void> {
    const values = await Promise.all(this.#unread.map(({ step }) => step.report.data()));
    const ended = this.#unread.splice(0);
    tf.dispose(ended.map(({ step }) => step.report));
    this.#lastRead = performance.now();
    for (const [index, { step, seconds }] of ended.entries()) {
      const [loss, gradientNorm] = values[index]!;
      this.#onReport(step, { loss: loss!, gradientNorm: gradientNorm!, seconds });
    }
  }
}
