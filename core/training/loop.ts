/**
 * Fine-tuning from the first step to the merged model that was checked.
 *
 * @module
 */
import { engine } from "../engine.ts";
import * as tf from "../tf.ts";
import type { Slot } from "../weights.ts";
import { batchOf, type BatchShape, chunks, type EncodedExample } from "./batches.ts";
import { checkSame, Evaluator, judge, largestDifference, type Logits } from "./evaluate.ts";
import { roundsOf, runLength, trainingParts, trainsBy } from "./plan.ts";
import type { Seconds, TrainingOutcome, TrainingRequest } from "./run.ts";
import { rateAt } from "./schedule.ts";
import { choose, convert, type Ranking, type Selected } from "./selection.ts";
import { type StepOptions, Stepper } from "./step.ts";
import { StepTimes } from "./step_times.ts";
import { trialOn } from "./trial.ts";

/** Fine-tunes, merges, and checks that the merged model says the same. */
export async function fineTune(request: TrainingRequest): Promise<TrainingOutcome> {
  const training = new Training(request);
  try {
    return await training.run();
  } finally {
    training.dispose();
  }
}

class Training {
  readonly #request: TrainingRequest;
  readonly #train: readonly EncodedExample[];
  readonly #heldOut: readonly EncodedExample[];
  readonly #shape: BatchShape;
  readonly #stepOptions: StepOptions;
  readonly #stepper: Stepper;
  readonly #dense: Evaluator;
  /** The forward pass of training, dropout off. */
  #evaluator: Evaluator;
  readonly #selected: Selected[] = [];
  readonly #rankings: Ranking[] = [];
  #factorizeDifference = 0;
  readonly #modelSize: number;
  readonly #seconds: Seconds = { perStep: 0, firstStep: 0, decomposition: 0, selection: 0, evaluation: 0 };

  constructor(request: TrainingRequest) {
    const { weights, settings, task, key, padId } = request;
    this.#request = request;
    const { train, heldOut } = trainingParts(request.train, { settings, key });
    [this.#train, this.#heldOut] = [train, heldOut];
    this.#shape = { lines: settings.batchSize, maxLength: settings.maxLength, padId };
    this.#modelSize = weights.size;
    const byPattern = trainsBy(settings.train, weights);
    const headOnly = request.method.decomposition?.others === "head";
    this.#stepOptions = {
      head: task.head,
      optimizer: settings,
      maxGradNorm: settings.maxGradNorm,
      trains: (slot) => byPattern(slot) && (!headOnly || slot.parameter.absence === "head"),
      sumsGradients: request.method.policy?.needs?.includes("trainingGradients") ?? false,
    };
    this.#stepper = new Stepper(weights, this.#stepOptions);
    this.#dense = Evaluator.dense(weights.architecture, this.#shape);
    this.#evaluator = this.#dense;
  }

  dispose(): void {
    this.#stepper.dispose();
  }

  async run(): Promise<TrainingOutcome> {
    const { settings, method: { policy }, watch } = this.#request;
    const length = runLength(settings, this.#train.length);
    const rounds = new Set(policy ? roundsOf(policy, length) : []);
    const warmupSteps = settings.warmupSteps ?? Math.round(length.steps * settings.warmupRatio);
    const stepTimes = new StepTimes();
    let best: Best | undefined;
    let batches: Generator<EncodedExample[]> | undefined;
    for (let step = 0; step < length.steps; step++) {
      const epoch = Math.floor(step / length.stepsPerEpoch);
      if (step % length.stepsPerEpoch === 0) batches = this.#epoch(epoch);
      if (rounds.has(step)) {
        await this.#round(step);
        stepTimes.restructured();
      }
      await watch.pause();
      const rate = rateAt(step, { warmupSteps, totalSteps: length.steps });
      const examples = batches!.next().value as EncodedExample[];
      if (!this.#step(step, { examples, rate, steps: length.steps, stepTimes })) {
        Object.assign(this.#seconds, stepTimes.seconds);
        return this.#outcome(step + 1);
      }
      const last = step + 1 === length.steps;
      if ((step + 1) % length.stepsPerEpoch === 0 || last) {
        best = await this.#endEpoch({ step: step + 1, epoch: epoch + 1, last, best });
      }
    }
    Object.assign(this.#seconds, stepTimes.seconds);
    return this.#outcome(length.steps, best?.finished);
  }

  // One optimiser step; false when the loss is no longer finite.
  #step(
    step: number,
    { examples, rate, steps, stepTimes }: {
      examples: EncodedExample[];
      rate: number;
      steps: number;
      stepTimes: StepTimes;
    },
  ): boolean {
    const started = performance.now();
    const batches = [...chunks(examples, this.#shape.lines)].map((some) => batchOf(some, this.#shape));
    const key = this.#request.key.fold("dropout").fold(step);
    const { loss, gradientNorm } = this.#stepper.step(batches, { key, rate });
    const seconds = (performance.now() - started) / 1000;
    stepTimes.add(batches.map(({ length }) => length).join(), seconds);
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

  // The examples of each optimiser step of an epoch.
  #epoch(epoch: number): Generator<EncodedExample[]> {
    const { settings, key } = this.#request;
    const order = key.fold("shuffle").fold(epoch).permutation(this.#train.length);
    return chunks(order.map((at) => this.#train[at]!), settings.batchSize * settings.gradientAccumulationSteps);
  }

  async #round(step: number): Promise<void> {
    const { weights, method: { policy, decomposition }, task, settings, key, fineTuned, watch } = this.#request;
    if (!policy || !decomposition) throw new Error("A method needs both a decomposition and a policy, or neither.");
    const started = performance.now();
    const roundKey = key.fold("selection").fold(step);
    const wanted = roundKey.permutation(this.#train.length).slice(0, settings.scoreExamples ?? this.#train.length);
    const options = {
      weights,
      policy,
      decomposition,
      step,
      head: task.head,
      examples: wanted.map((at) => this.#train[at]!),
      shape: this.#shape,
      key: roundKey,
      fineTuned: fineTuned ?? (() => Promise.reject(new Error("There is no fine-tuned model to score."))),
      trainingGradients: () => this.#trainingGradients(),
      pause: () => watch.pause(),
      note: (message: string) => watch.note(message),
    };
    const { names, rankings } = await choose(options);
    this.#rankings.push(...rankings);
    for (const ranking of rankings) watch.event({ type: "ranking", ...ranking });
    this.#stepper.resetGradientSums();
    this.#seconds.selection += since(started);
    if (names.length === 0) return;
    const before = await this.#logits(this.#evaluator);
    const converting = performance.now();
    const trial = trialOn({ ...options, names, train: this.#train, stepper: this.#stepOptions });
    const found = await decomposition.calibrate?.(trial) ?? decomposition;
    const selected = convert(names, { ...options, decomposition: found, rankings });
    this.#seconds.decomposition += since(converting);
    this.#selected.push(...selected);
    this.#stepper.refresh();
    this.#evaluator = Evaluator.factorized(weights, this.#shape);
    const after = await this.#logits(this.#evaluator);
    // A decomposition that says it loses something is reported, not refused.
    const lossy = names.some((name) => weights.factorizationOf(name)?.maxRelativeError !== undefined);
    const difference = lossy
      ? largestDifference(before, after)
      : checkSame("Writing matrices as factors", { before, after });
    this.#factorizeDifference = Math.max(this.#factorizeDifference, difference);
    watch.event({ type: "converted", step, matrices: selected });
  }

  #trainingGradients(): Map<string, tf.Tensor2D> {
    const { gradientSums } = this.#stepper;
    if (gradientSums.tensors.length > 0 && gradientSums.steps > 0) return gradientSums.means();
    throw new Error('The score looks at the gradients of training: its policy must say needs: ["trainingGradients"].');
  }

  // Judges the weights as they are; gives the finished model where it may be the one that is kept.
  async #endEpoch({ step, epoch, last, best }: { step: number; epoch: number; last: boolean; best: Best | undefined }) {
    const { settings: { keep }, task, dev, watch } = this.#request;
    const finished = keep === "best" || last ? await this.#finish() : undefined;
    const logits = finished?.logits ?? await this.#mergedLogits();
    watch.event({ type: "evaluation", step, epoch, metrics: judge(logits, { examples: dev, task }) });
    if (!finished || keep === "last") return finished && { value: 0, finished };
    const heldOut = await this.#logits(this.#dense, [...finished.merged.values()], this.#heldOut);
    const metrics = judge(heldOut, { examples: this.#heldOut, task });
    watch.event({ type: "held-out", step, epoch, metrics });
    const value = metrics[task.primary] ?? NaN;
    const better = !best || value > best.value;
    tf.dispose([...(better ? best : { finished })?.finished.merged.values() ?? []]);
    return better ? { value, finished } : best;
  }

  async #mergedLogits(): Promise<Logits> {
    const merged = [...this.#request.weights.merged().values()];
    try {
      return await this.#logits(this.#dense, merged);
    } finally {
      tf.dispose(merged);
    }
  }

  // Merges, and compares the merged model with the training forward over the whole dev set.
  async #finish(): Promise<Finished> {
    const { weights } = this.#request;
    const merged = weights.merged();
    for (const [name, tensor] of merged) {
      if (!tf.tidy(() => tf.all(tf.isFinite(tensor)).dataSync()[0])) {
        throw new Error(`The merged parameter "${name}" is not finite; the weights are left as they were.`);
      }
    }
    const logits = await this.#logits(this.#dense, [...merged.values()]);
    const before = this.#evaluator === this.#dense ? logits : await this.#logits(this.#evaluator);
    return { merged, logits, mergeDifference: checkSame("Merging", { before, after: logits }) };
  }

  async #logits(
    evaluator: Evaluator,
    values: readonly tf.Tensor[] = this.#request.weights.values,
    examples = this.#request.dev,
  ): Promise<Logits> {
    const started = performance.now();
    const logits = await evaluator.logits(values, { examples, pause: () => this.#request.watch.pause() });
    this.#seconds.evaluation += since(started);
    return logits;
  }

  #outcome(steps: number, finished?: Finished): TrainingOutcome {
    const sizes = (slots: readonly Slot[]) =>
      slots.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
    return {
      mergeDifference: 0,
      ...finished,
      factorizeDifference: this.#factorizeDifference,
      selected: this.#selected,
      rankings: this.#rankings,
      parameters: {
        model: this.#modelSize,
        training: this.#request.weights.size,
        trainable: sizes(this.#stepper.trained),
      },
      steps,
      seconds: this.#seconds,
    };
  }
}

interface Finished {
  readonly merged: Map<string, tf.Tensor>;
  readonly logits: Logits;
  readonly mergeDifference: number;
}

/** The model that is kept so far, and its value on the held-out examples. */
interface Best {
  readonly value: number;
  readonly finished: Finished;
}

const since = (started: number) => (performance.now() - started) / 1000;
