/**
 * Fine-tuning from the first step to the merged model that was checked.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";
import { Interrupted, NotFiniteError } from "../errors.ts";
import type { EncodedExample } from "../model/batch.ts";
import { storedTensors } from "../model/pretrained.ts";
import type { StoredTensor } from "../io/safetensors.ts";
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";
import { type BatchShape, chunks, collate } from "./batches.ts";
import { judge } from "./logits.ts";
import { Evaluation, type Finished } from "./evaluation.ts";
import { slotName } from "./optimizer_state.ts";
import { roundsOf, runLength, trainingParts, trainsBy } from "./data_split.ts";
import { Rounds } from "./selection/rounds.ts";
import type { TrainingOutcome, TrainingRequest } from "./fine_tune_request.ts";
import { rateAt } from "./schedule.ts";
import type { Position, TrainingState } from "./training_state.ts";
import { type StepOptions, Stepper } from "./step.ts";
import { StepTimes } from "./step_times.ts";

/** Fine-tunes, merges, and checks that the merged model says the same. */
export async function fineTune(request: TrainingRequest): Promise<TrainingOutcome> {
  const training = new Training(request);
  try {
    return await training.run();
  } finally {
    training.dispose();
  }
}

/** The model that is kept so far, and its value on the held-out examples. */
interface Best {
  readonly value: number;
  readonly finished: Finished;
}

class Training {
  readonly #request: TrainingRequest;
  readonly #train: readonly EncodedExample[];
  readonly #heldOut: readonly EncodedExample[];
  readonly #shape: BatchShape;
  readonly #stepper: Stepper;
  readonly #judging: Evaluation;
  readonly #rounds: Rounds;
  readonly #times = new StepTimes();
  readonly #modelSize: number;
  #at: Position = { step: 0, done: "evaluation" };
  #best: Best | undefined;

  constructor(request: TrainingRequest) {
    const { weights, settings, key, padId } = request;
    this.#request = request;
    const { train, heldOut } = trainingParts(request, { settings, key });
    [this.#train, this.#heldOut] = [train, heldOut];
    const shape = { batchSize: settings.batchSize, maxLength: settings.maxLength, padId };
    this.#modelSize = weights.size;
    const byPattern = trainsBy(settings.train, weights);
    const headOnly = request.method.decomposition?.trainOtherParameters === false;
    const stepOptions: StepOptions = {
      optimizer: settings,
      maxGradNorm: settings.maxGradNorm,
      isTrainable: (slot) => byPattern(slot) && (!headOnly || slot.parameter.ifMissing === "head"),
      sumsGradients: request.method.policy?.needs?.includes("trainingGradients") ?? false,
    };
    const stepper = new Stepper(weights, stepOptions);
    const judging = new Evaluation(request, shape);
    [this.#shape, this.#stepper, this.#judging] = [shape, stepper, judging];
    this.#rounds = new Rounds({ request, train, shape, stepOptions, stepper, judging });
  }

  dispose(): void {
    this.#stepper.dispose();
    tf.dispose([...this.#takeBest()?.merged.values() ?? []]);
  }

  // The caller takes its tensors over.
  #takeBest(): Finished | undefined {
    const finished = this.#best?.finished;
    this.#best = undefined;
    return finished;
  }

  async run(): Promise<TrainingOutcome> {
    const { checkpoint } = this.#request;
    const saved = checkpoint?.take();
    if (saved) await this.#restore(saved);
    try {
      return await this.#go();
    } catch (error) {
      if (error instanceof Interrupted && !this.#rounds.midway) await checkpoint?.keep(this.#state);
      throw error;
    }
  }

  async #go(): Promise<TrainingOutcome> {
    const { settings, method: { policy } } = this.#request;
    const length = runLength(settings, this.#train.length);
    const rounds = new Set(policy ? roundsOf(policy, length) : []);
    const warmupSteps = settings.warmupSteps ?? Math.round(length.steps * settings.warmupRatio);
    let batches: Generator<EncodedExample[]> | undefined;
    for (let { step } = this.#at; true;) {
      const epoch = Math.floor(step / length.stepsPerEpoch), inEpoch = step % length.stepsPerEpoch;
      const last = step === length.steps;
      if (step > 0 && (inEpoch === 0 || last) && this.#at.done === "step") {
        try {
          await this.#endEpoch({ step, epoch: inEpoch === 0 ? epoch : epoch + 1, last });
        } catch (error) {
          if (error instanceof NotFiniteError) return this.#outcome(step);
          throw error;
        }
        await this.#reached({ step, done: "evaluation" });
      }
      if (last) return this.#outcome(step, this.#takeBest());
      if (rounds.has(step) && this.#at.done !== "round") {
        await this.#rounds.at(step);
        this.#times.onFactorized();
        await this.#reached({ step, done: "round" });
      }
      if (inEpoch === 0 || !batches) batches = this.#epoch(epoch, inEpoch);
      const rate = rateAt(step, { warmupSteps, totalSteps: length.steps });
      const examples = batches.next().value as EncodedExample[];
      if (!this.#step(step, { examples, rate, steps: length.steps })) {
        return this.#outcome(step + 1);
      }
      await this.#reached({ step: ++step, done: "step" });
    }
  }

  // Between two things to do: the state is whole here, kept from time to time, and the run may be told to end.
  async #reached(at: Position): Promise<void> {
    this.#at = at;
    const { checkpoint, watch } = this.#request;
    if (checkpoint?.due()) await checkpoint.keep(this.#state);
    await watch.pause();
  }

  get #state(): TrainingState {
    const { weights } = this.#request;
    const { moments, gradientSums } = this.#stepper;
    const tensors = new Map<string, tf.Tensor>();
    weights.slots.forEach((slot, at) => tensors.set(`weights/${slotName(slot)}`, weights.values[at]!));
    for (const [slot, { first, second }] of moments.saved) {
      tensors.set(`first/${slot}`, first).set(`second/${slot}`, second);
    }
    for (const [slot, sum] of gradientSums.saved) tensors.set(`sum/${slot}`, sum);
    for (const [name, tensor] of this.#best?.finished.merged ?? []) tensors.set(`best/${name}`, tensor);
    const best = this.#best && {
      value: Number.isFinite(this.#best.value) ? this.#best.value : null,
      mergeDifference: this.#best.finished.mergeDifference,
      logits: this.#best.finished.logits,
    };
    return {
      facts: {
        at: this.#at,
        rounds: this.#rounds.state,
        updates: Object.fromEntries([...moments.saved].map(([slot, { updates }]) => [slot, updates])),
        summed: gradientSums.steps,
        ...(best && { best }),
        seconds: { evaluation: this.#judging.seconds, ...this.#times.state },
      },
      tensors: storedTensors(tensors),
    };
  }

  // Takes up a state that was kept.
  async #restore({ facts, tensors }: TrainingState): Promise<void> {
    const { weights, watch } = this.#request;
    const under = (folder: string) =>
      [...tensors].filter(([name]) => name.startsWith(`${folder}/`)).map(([name, tensor]) =>
        [name.slice(folder.length + 1), tensorOf(tensor)] as const
      );
    const values = new Map(under("weights"));
    const factors = [...values].filter(([slot]) => slot.includes("#"));
    await this.#rounds.restore(
      facts.rounds,
      (name) => factors.filter(([slot]) => slot.startsWith(`${name}#`)).map(([, tensor]) => tensor),
    );
    weights.replace(weights.slots.map((slot) => values.get(slotName(slot))!));
    const seconds = new Map(under("second"));
    this.#stepper.moments.restore(
      new Map(
        under("first").map(([slot, first]) => [slot, {
          first,
          second: seconds.get(slot)!,
          updates: facts.updates[slot]!,
        }]),
      ),
    );
    this.#stepper.gradientSums.replace(under("sum").map(([, sum]) => sum), facts.summed);
    if (facts.best) {
      const { value, logits, mergeDifference } = facts.best;
      this.#best = { value: value ?? NaN, finished: { merged: new Map(under("best")), logits, mergeDifference } };
    }
    this.#judging.seconds = facts.seconds.evaluation;
    this.#times.restore(facts.seconds);
    this.#at = facts.at;
    watch.event({ type: "resumed", step: facts.at.step });
  }

  // One optimiser step; false when the loss is no longer finite.
  #step(
    step: number,
    { examples, rate, steps }: { examples: EncodedExample[]; rate: number; steps: number },
  ): boolean {
    const started = performance.now();
    const { weights: { architecture } } = this.#request;
    const batches = [...chunks(examples, this.#shape.batchSize)].map((some) =>
      collate(some, { architecture, shape: this.#shape })
    );
    const key = this.#request.key.fold("dropout").fold(step);
    const { loss, gradientNorm } = this.#stepper.step(batches, { key, rate });
    const seconds = (performance.now() - started) / 1000;
    this.#times.add(batches.flatMap((batch) => Object.values(batch).map(({ shape }) => shape)).join(";"), seconds);
    const { residentBytes } = engine().memory();
    this.#request.watch.event({
      type: "step",
      step: step + 1,
      steps,
      loss,
      gradientNorm,
      rate,
      seconds,
      examples: examples.length,
      residentBytes,
    });
    return Number.isFinite(loss) && Number.isFinite(gradientNorm);
  }

  // The examples of each optimiser step of an epoch, from one of them on.
  #epoch(epoch: number, from: number): Generator<EncodedExample[]> {
    const { settings, key } = this.#request;
    const order = key.fold("shuffle").fold(epoch).permutation(this.#train.length);
    const size = settings.batchSize * settings.gradientAccumulationSteps;
    return chunks(order.slice(from * size).map((at) => this.#train[at]!), size);
  }

  // Judges the weights as they are, and keeps the finished model where it is the one to be kept.
  async #endEpoch({ step, epoch, last }: { step: number; epoch: number; last: boolean }): Promise<void> {
    const { settings: { keep }, task, dev, watch } = this.#request;
    const finished = keep === "best" || last ? await this.#judging.finish() : undefined;
    const logits = finished?.logits ?? await this.#judging.merged();
    watch.event({ type: "evaluation", step, epoch, metrics: judge(logits, { examples: dev, task }) });
    if (!finished) return;
    if (keep === "last") return void (this.#best = { value: 0, finished });
    const heldOut = await this.#judging.dense(finished.merged, this.#heldOut);
    const metrics = judge(heldOut, { examples: this.#heldOut, task });
    watch.event({ type: "held-out", step, epoch, metrics });
    const value = metrics[task.primary] ?? NaN;
    const better = !this.#best || value > this.#best.value;
    tf.dispose([...(better ? this.#best : { finished })?.finished.merged.values() ?? []]);
    if (better) this.#best = { value, finished };
  }

  #outcome(steps: number, finished?: Finished): TrainingOutcome {
    const sizes = (slots: readonly ParameterSlot[]) =>
      slots.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
    const { seconds, selected, rankings, factorizeDifference } = this.#rounds.state;
    return {
      mergeDifference: 0,
      ...finished,
      factorizeDifference,
      selected,
      rankings,
      parameters: {
        model: this.#modelSize,
        training: this.#request.weights.size,
        trainable: sizes(this.#stepper.trained),
      },
      steps,
      seconds: { ...this.#times.seconds, ...seconds, evaluation: this.#judging.seconds },
    };
  }
}

const tensorOf = ({ shape, values }: StoredTensor): tf.Tensor => tf.tensor(values, [...shape], "float32");
