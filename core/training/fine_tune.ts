/**
 * Fine-tuning, from the first step to the merged and checked model.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";
import * as tf from "../backend/tf.ts";
import {
  DeviceMemoryError,
  Interrupted,
  messageOf,
  NotFiniteError,
  NotResumableError,
  RequestError,
} from "../errors.ts";
import { freeUnusedBuffers } from "../io/unused_buffers.ts";
import type { EncodedExample } from "../model/batch.ts";
import type { ParameterSlot } from "../model/weights.ts";
import type { RunLength } from "../selection_policy.ts";
import { type BatchShape, chunks, collate } from "./batches.ts";
import { roundsOf, runLength, trainingParts } from "./data_split.ts";
import { Evaluation, type MergedModel } from "./evaluation.ts";
import type { TrainingOutcome, TrainingRequest } from "./fine_tune_request.ts";
import { KeptModel } from "./kept_model.ts";
import { metricsOf } from "./logits.ts";
import { memoryAdvice } from "./memory_advice.ts";
import { rateAt, type Schedule } from "./schedule.ts";
import { Rounds } from "./selection/rounds.ts";
import { restoreSnapshot, type SnapshotParts, takeSnapshot } from "./snapshot.ts";
import { Stepper, type StepReport } from "./step.ts";
import { stepOptionsOf } from "./step_options.ts";
import { type StartedStep, StepReports } from "./step_reports.ts";
import { StepTimes } from "./step_times.ts";
import type { Position } from "./training_state.ts";

/** Fine-tunes, merges, and checks that the merged model gives the same logits. */
export async function fineTune(request: TrainingRequest): Promise<TrainingOutcome> {
  const training = new Training(request);
  try {
    return await training.run();
  } catch (error) {
    if (!(error instanceof DeviceMemoryError)) throw error;
    throw new RequestError(`${error.message} ${memoryAdvice(request.settings)}`);
  } finally {
    training.dispose();
  }
}

/** A step with what is logged of it. */
interface LoggedStep extends StartedStep {
  /** Counted from 1. */
  readonly step: number;
  readonly rate: number;
  readonly examples: number;
  /** Of its batches, which it was compiled for. */
  readonly shapes: string;
}

class Training {
  readonly #request: TrainingRequest;
  readonly #train: readonly EncodedExample[];
  readonly #heldOut: readonly EncodedExample[];
  readonly #shape: BatchShape;
  readonly #stepper: Stepper;
  readonly #evaluation: Evaluation;
  readonly #rounds: Rounds;
  readonly #times = new StepTimes();
  readonly #kept = new KeptModel();
  readonly #reports = new StepReports<LoggedStep>((step, report) => this.#log(step, report));
  readonly #modelSize: number;
  readonly #length: RunLength;
  readonly #schedule: Schedule;
  #position: Position = { step: 0, phase: "evaluation" };

  constructor(request: TrainingRequest) {
    const { weights, settings, key, padId } = request;
    this.#request = request;
    const { train, heldOut } = trainingParts(request, { settings, key });
    [this.#train, this.#heldOut] = [train, heldOut];
    const shape = { batchSize: settings.batchSize, maxLength: settings.maxLength, padId };
    this.#modelSize = weights.size;
    const stepOptions = stepOptionsOf(request);
    const stepper = new Stepper(weights, stepOptions);
    const evaluation = new Evaluation(request, shape);
    [this.#shape, this.#stepper, this.#evaluation] = [shape, stepper, evaluation];
    const { steps } = this.#length = runLength(settings, train.length);
    const warmupSteps = settings.warmupSteps ?? Math.round(steps * settings.warmupRatio);
    this.#schedule = { warmupSteps, totalSteps: steps };
    const schedule = this.#schedule;
    this.#rounds = new Rounds({ request, train, shape, stepOptions, stepper, evaluation, schedule });
  }

  dispose(): void {
    this.#reports.dispose();
    this.#stepper.dispose();
    this.#kept.dispose();
  }

  get #parts(): SnapshotParts {
    return {
      weights: this.#request.weights,
      stepper: this.#stepper,
      rounds: this.#rounds,
      evaluation: this.#evaluation,
      times: this.#times,
      kept: this.#kept,
    };
  }

  async run(): Promise<TrainingOutcome> {
    const { checkpoint } = this.#request;
    await this.#restore();
    await new Promise((resolve) => setTimeout(resolve)); // functions that have just ended hold their arrays until then
    freeUnusedBuffers({ atLeast: 0 }); // the files of the weights and of the checkpoint
    engine().memory({ trim: true });
    try {
      return await this.#loop();
    } catch (error) {
      // The run diverged: its loss, weights or logits are no longer finite.
      if (error instanceof NotFiniteError) return this.#outcome(this.#position.step);
      if (error instanceof Interrupted) await checkpoint?.save(takeSnapshot(this.#parts, this.#position));
      throw error;
    }
  }

  // A function of its own, which holds the stored tensors no longer than it runs.
  async #restore(): Promise<void> {
    const state = this.#request.checkpoint?.load();
    if (!state) return;
    await restoreSnapshot(state, this.#parts).catch((error) => {
      throw new NotResumableError(messageOf(error), { cause: error });
    });
    this.#position = state.facts.position;
    this.#request.listener.event({ type: "resumed", step: this.#position.step });
  }

  async #loop(): Promise<TrainingOutcome> {
    const { policy } = this.#request.method;
    const length = this.#length;
    const rounds = new Set(policy ? roundsOf(policy, length) : []);
    let batches: Generator<EncodedExample[]> | undefined;
    for (let { step } = this.#position; true;) {
      const epoch = Math.floor(step / length.stepsPerEpoch), inEpoch = step % length.stepsPerEpoch;
      const last = step === length.steps;
      if (step > 0 && (inEpoch === 0 || last) && this.#position.phase === "step") {
        await this.#reports.settle();
        await this.#endEpoch({ step, epoch: inEpoch === 0 ? epoch : epoch + 1, last });
        await this.#reached({ step, phase: "evaluation" });
      }
      if (last) return this.#outcome(step, this.#kept.take());
      if (rounds.has(step) && this.#position.phase !== "round") {
        await this.#reports.settle();
        await this.#rounds.run(step);
        this.#times.onFactorized();
        await this.#reached({ step, phase: "round" });
      }
      if (inEpoch === 0 || !batches) batches = this.#epoch(epoch, inEpoch);
      await this.#step(step, batches.next().value as EncodedExample[]);
      await this.#reached({ step: ++step, phase: "step" });
    }
  }

  // The state is complete here: it is saved from time to time, and the run may be interrupted.
  async #reached(position: Position): Promise<void> {
    this.#position = position;
    const { checkpoint, listener } = this.#request;
    if (checkpoint?.due()) {
      await this.#reports.settle();
      await checkpoint.save(takeSnapshot(this.#parts, this.#position));
    }
    try {
      await listener.throwIfInterrupted();
    } catch (error) {
      await this.#reports.settle(); // the run may have diverged, which ends it
      throw error;
    }
  }

  // Starts an optimizer step; the one before it has ended then.
  async #step(step: number, examples: EncodedExample[]): Promise<void> {
    const started = performance.now();
    const { weights: { architecture } } = this.#request;
    const batches = [...chunks(examples, this.#shape.batchSize)].map((chunk) =>
      collate(chunk, { architecture, shape: this.#shape })
    );
    const key = this.#request.key.fold("dropout").fold(step);
    const rate = rateAt(step, this.#schedule);
    const report = this.#stepper.start(batches, { key, rate });
    const shapes = batches.flatMap((batch) => Object.values(batch).map(({ shape }) => shape)).join(";");
    await this.#reports.add({ report, started, step: step + 1, rate, examples: examples.length, shapes });
  }

  /** @throws {NotFiniteError} after a step whose loss or gradients are not finite; later ones do not count */
  #log(
    { step, rate, examples, shapes }: LoggedStep,
    { loss, gradientNorm, seconds }: StepReport & { seconds: number },
  ) {
    this.#times.add(shapes, seconds);
    const { residentBytes } = engine().memory();
    const { steps } = this.#length;
    this.#request.listener.event({
      type: "step",
      step,
      steps,
      loss,
      gradientNorm,
      rate,
      seconds,
      examples,
      residentBytes,
    });
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
    this.#position = { step, phase: "step" };
    throw new NotFiniteError(`The loss of step ${step}, or its gradient norm, is not finite.`);
  }

  // The examples of each optimizer step of an epoch, starting with step `from`.
  #epoch(epoch: number, from: number): Generator<EncodedExample[]> {
    const { settings, key } = this.#request;
    const order = key.fold("shuffle").fold(epoch).permutation(this.#train.length);
    const size = settings.batchSize * settings.gradientAccumulationSteps;
    return chunks(order.slice(from * size).map((index) => this.#train[index]!), size);
  }

  // Evaluates the weights, and keeps the merged model if it is the last or the best.
  async #endEpoch({ step, epoch, last }: { step: number; epoch: number; last: boolean }): Promise<void> {
    const { settings: { keep }, task, dev, listener } = this.#request;
    const model = keep === "best" || last ? await this.#evaluation.merge() : undefined;
    const logits = model?.logits ?? await this.#evaluation.mergedLogits();
    listener.event({ type: "evaluation", step, epoch, metrics: metricsOf(logits, { examples: dev, task }) });
    if (!model) return;
    if (keep === "last") return this.#kept.replace(model);
    const heldOut = await this.#evaluation.denseLogits(model.merged, this.#heldOut);
    const metrics = metricsOf(heldOut, { examples: this.#heldOut, task });
    listener.event({ type: "held-out", step, epoch, metrics });
    this.#kept.offer(model, metrics[task.primary] ?? NaN);
  }

  #outcome(steps: number, model?: MergedModel): TrainingOutcome {
    const sizes = (slots: readonly ParameterSlot[]) =>
      slots.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
    const { seconds, selected, rankings, factorizeDifference } = this.#rounds.state;
    return {
      mergeDifference: 0,
      ...model,
      factorizeDifference,
      selected,
      rankings,
      parameters: {
        model: this.#modelSize,
        training: this.#request.weights.size,
        trainable: sizes(this.#stepper.trained),
      },
      steps,
      seconds: { ...this.#times.seconds, ...seconds, evaluation: this.#evaluation.seconds },
    };
  }
}
