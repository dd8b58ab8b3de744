/**
 * Fine-tuning, from the first step to the merged and checked model.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";
import {
  DeviceMemoryError,
  Interrupted,
  messageOf,
  NotFiniteError,
  NotResumableError,
  RequestError,
} from "../errors.ts";
import type { Need } from "../importance_score.ts";
import type { EncodedExample } from "../model/batch.ts";
import { storedTensors } from "../model/pretrained.ts";
import type { StoredTensor } from "../io/safetensors.ts";
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";
import { type BatchShape, chunks, collate } from "./batches.ts";
import { metricsOf } from "./logits.ts";
import { Evaluation, type MergedModel } from "./evaluation.ts";
import { slotName } from "./optimizer_state.ts";
import { roundsOf, runLength, trainableBy, trainingParts } from "./data_split.ts";
import { Rounds } from "./selection/rounds.ts";
import type { TrainingOutcome, TrainingRequest } from "./fine_tune_request.ts";
import { rateAt, type Schedule } from "./schedule.ts";
import type { RunLength } from "../selection_policy.ts";
import type { Position, TrainingState } from "./training_state.ts";
import { type StepOptions, Stepper, type StepReport } from "./step.ts";
import { type StartedStep, StepReports } from "./step_reports.ts";
import { StepTimes } from "./step_times.ts";

/** Fine-tunes, merges, and checks that the merged model gives the same logits. */
export async function fineTune(request: TrainingRequest): Promise<TrainingOutcome> {
  const training = new Training(request);
  try {
    return await training.run();
  } catch (error) {
    if (!(error instanceof DeviceMemoryError)) throw error;
    throw new RequestError(`${error.message} ${smallerBatches(request.settings)}`);
  } finally {
    training.dispose();
  }
}

// Settings that need less memory for the same steps.
function smallerBatches({ batchSize, gradientAccumulationSteps }: TrainingRequest["settings"]): string {
  if (batchSize === 1) return "With a batch size of 1 already, try a smaller training.maxLength, or another device.";
  const factor = [2, 3, 5, 7].find((prime) => batchSize % prime === 0) ?? batchSize;
  return `Try a batch size of ${batchSize / factor}, which takes the same steps with ` +
    `--set training.batchSize=${batchSize / factor} ` +
    `--set training.gradientAccumulationSteps=${gradientAccumulationSteps * factor}.`;
}

/** The best model so far, and its value on the held-out examples. */
interface Best {
  readonly value: number;
  readonly model: MergedModel;
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
  readonly #reports = new StepReports<LoggedStep>((step, report) => this.#log(step, report));
  readonly #modelSize: number;
  readonly #length: RunLength;
  readonly #schedule: Schedule;
  #position: Position = { step: 0, phase: "evaluation" };
  #best: Best | undefined;

  constructor(request: TrainingRequest) {
    const { weights, settings, key, padId } = request;
    this.#request = request;
    const { train, heldOut } = trainingParts(request, { settings, key });
    [this.#train, this.#heldOut] = [train, heldOut];
    const shape = { batchSize: settings.batchSize, maxLength: settings.maxLength, padId };
    this.#modelSize = weights.size;
    const byPattern = trainableBy(settings.train, weights);
    const headOnly = request.method.decomposition?.trainOtherParameters === false;
    const stepOptions: StepOptions = {
      optimizer: settings,
      maxGradNorm: settings.maxGradNorm,
      precision: settings.precision ?? "float32",
      isTrainable: (slot) => byPattern(slot) && (!headOnly || slot.parameter.ifMissing === "head"),
      accumulateGradients: accumulationFor(request.method.policy?.needs),
    };
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
    tf.dispose([...this.#takeBest()?.merged.values() ?? []]);
  }

  // The caller takes over its tensors.
  #takeBest(): MergedModel | undefined {
    const model = this.#best?.model;
    this.#best = undefined;
    return model;
  }

  async run(): Promise<TrainingOutcome> {
    const { checkpoint } = this.#request;
    const state = checkpoint?.load();
    if (state) {
      await this.#restore(state).catch((error) => {
        throw new NotResumableError(messageOf(error), { cause: error });
      });
    }
    try {
      return await this.#go();
    } catch (error) {
      // The run diverged: its loss, weights or logits are no longer finite.
      if (error instanceof NotFiniteError) return this.#outcome(this.#position.step);
      if (error instanceof Interrupted && !this.#rounds.isConverting) await checkpoint?.save(this.#state);
      throw error;
    }
  }

  async #go(): Promise<TrainingOutcome> {
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
      if (last) return this.#outcome(step, this.#takeBest());
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
      await checkpoint.save(this.#state);
    }
    try {
      await listener.throwIfInterrupted();
    } catch (error) {
      await this.#reports.settle(); // the run may have diverged, which ends it
      throw error;
    }
  }

  get #state(): TrainingState {
    const { weights } = this.#request;
    const { moments, accumulator } = this.#stepper;
    const stored = moments.stored();
    const tensors = new Map<string, tf.Tensor>();
    weights.slots.forEach((slot, index) => tensors.set(`weights/${slotName(slot)}`, weights.values[index]!));
    for (const [slot, sum] of accumulator.state) tensors.set(`gradient/${slot}`, sum);
    for (const [name, tensor] of this.#best?.model.merged ?? []) tensors.set(`best/${name}`, tensor);
    const best = this.#best && {
      value: Number.isFinite(this.#best.value) ? this.#best.value : null,
      mergeDifference: this.#best.model.mergeDifference,
      logits: this.#best.model.logits,
    };
    return {
      facts: {
        position: this.#position,
        rounds: this.#rounds.state,
        updates: Object.fromEntries([...stored].map(([slot, { updates }]) => [slot, updates])),
        accumulatedSteps: accumulator.steps,
        ...(best && { best }),
        seconds: { evaluation: this.#evaluation.seconds, ...this.#times.state },
      },
      tensors: new Map<string, StoredTensor>([
        ...storedTensors(tensors),
        ...[...stored].flatMap(([slot, { first, second }]) =>
          [[`first/${slot}`, first], [`second/${slot}`, second]] as const
        ),
      ]),
    };
  }

  // Resumes a stored state.
  async #restore({ facts, tensors }: TrainingState): Promise<void> {
    const { weights, listener } = this.#request;
    const storedUnder = (folder: string) =>
      [...tensors].filter(([name]) => name.startsWith(`${folder}/`)).map(([name, tensor]) =>
        [name.slice(folder.length + 1), tensor] as const
      );
    const under = (folder: string) => storedUnder(folder).map(([name, tensor]) => [name, tensorOf(tensor)] as const);
    const values = new Map(under("weights"));
    const factors = [...values].filter(([slot]) => slot.includes("#"));
    await this.#rounds.restore(
      facts.rounds,
      (name) => factors.filter(([slot]) => slot.startsWith(`${name}#`)).map(([, tensor]) => tensor),
    );
    const shapes = weights.values.map(({ shape }) => shape.join());
    weights.replace(weights.slots.map((slot, index) => {
      const name = slotName(slot), value = values.get(name);
      if (value && value.shape.join() === shapes[index]) return value;
      throw new Error(`"${name}": expected [${shapes[index]}], got ${value ? `[${value.shape}]` : "nothing"}`);
    }));
    const seconds = new Map(storedUnder("second"));
    this.#stepper.restoreMoments(
      new Map(
        storedUnder("first").map(([slot, first]) => [slot, {
          first,
          second: seconds.get(slot)!,
          updates: facts.updates[slot]!,
        }]),
      ),
    );
    this.#stepper.accumulator.replace(under("gradient").map(([, sum]) => sum), facts.accumulatedSteps);
    if (facts.best) {
      const { value, logits, mergeDifference } = facts.best;
      this.#best = { value: value ?? NaN, model: { merged: new Map(under("best")), logits, mergeDifference } };
    }
    this.#evaluation.seconds = facts.seconds.evaluation;
    this.#times.restore(facts.seconds);
    this.#position = facts.position;
    listener.event({ type: "resumed", step: facts.position.step });
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
    if (keep === "last") return void (this.#best = { value: 0, model });
    const heldOut = await this.#evaluation.denseLogits(model.merged, this.#heldOut);
    const metrics = metricsOf(heldOut, { examples: this.#heldOut, task });
    listener.event({ type: "held-out", step, epoch, metrics });
    const value = metrics[task.primary] ?? NaN;
    // An undefined coefficient is worse than any other.
    const better = !this.#best || value > this.#best.value || Number.isNaN(this.#best.value) && !Number.isNaN(value);
    tf.dispose([...(better ? this.#best : { model })?.model.merged.values() ?? []]);
    if (better) this.#best = { value, model };
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

const tensorOf = ({ shape, values }: StoredTensor): tf.Tensor => tf.tensor(values, [...shape], "float32");

// Which gradients of training a policy scores by.
function accumulationFor(needs: readonly Need[] = []): "signed" | "absolute" | undefined {
  const [signed, absolute] = [needs.includes("trainingGradients"), needs.includes("absoluteTrainingGradients")];
  if (signed && absolute) {
    throw new Error("A policy scores by the gradients of training or by their absolute values, not both.");
  }
  return signed ? "signed" : absolute ? "absolute" : undefined;
}
