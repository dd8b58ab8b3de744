/**
 * The selection rounds of one run.
 *
 * @module
 */
import type { Trial } from "../../decomposition.ts";
import type * as tf from "../../backend/tf.ts";
import type { EncodedExample } from "../../model/batch.ts";
import type { BatchShape } from "../batches.ts";
import { checkSameLogits, largestDifference } from "../logits.ts";
import type { Evaluation } from "../evaluation.ts";
import type { TrainingRequest } from "../fine_tune_request.ts";
import { convert, type Ranking, type RoundOptions, select } from "./round.ts";
import type { Schedule } from "../schedule.ts";
import type { StepOptions, Stepper } from "../step.ts";
import type { RoundsState } from "./rounds_state.ts";
import { selectedMatrices, trialOn } from "./trial.ts";

/** What the rounds of a run need. */
export interface RoundsOptions {
  readonly request: TrainingRequest;
  readonly train: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly stepOptions: StepOptions;
  readonly stepper: Stepper;
  readonly evaluation: Evaluation;
  /** The learning rate of the run. */
  readonly schedule: Schedule;
}

/** Runs the policy at the steps of its rounds, and factorizes what it selects. */
export class Rounds {
  readonly #options: RoundsOptions;
  #state: RoundsState = {
    selected: [],
    rankings: [],
    conversions: [],
    factorizeDifference: 0,
    seconds: { selection: 0, decomposition: 0 },
  };

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  get state(): RoundsState {
    return this.#state;
  }

  /** Runs the round before a step. */
  async run(step: number): Promise<void> {
    const { request: { method: { policy, decomposition }, ...request }, train, shape, stepper } = this.#options;
    const { weights, settings, key, fineTuned, listener } = request;
    if (!policy || !decomposition) throw new Error("A method needs both a decomposition and a policy, or neither.");
    const started = performance.now();
    let scored = 0;
    const roundKey = key.fold("selection").fold(step);
    const indices = roundKey.permutation(train.length).slice(0, settings.scoreExamples ?? train.length);
    const options = {
      weights,
      policy,
      decomposition,
      step,
      examples: indices.map((index) => train[index]!),
      shape,
      key: roundKey,
      fineTuned: fineTuned ??
        (() => Promise.reject(new Error("The score needs a fine-tuned model, and the run has none."))),
      trainingGradients: () => this.#trainingGradients(),
      afterScoredBatch: async (examples: number) => {
        listener.event({ type: "scoring", step, examples: scored += examples });
        await listener.throwIfInterrupted();
      },
      note: (message: string) => listener.note(message),
    };
    const { names, rankings } = await select(options);
    for (const ranking of rankings) listener.event({ type: "ranking", ...ranking });
    const selection = since(started);
    if (names.length > 0) await this.#convert(names, { ...options, rankings });
    else stepper.resetAccumulator();
    this.#add({ rankings, seconds: { selection, decomposition: 0 } });
  }

  async #convert(
    names: readonly string[],
    options: RoundOptions & { readonly rankings: readonly Ranking[] },
  ): Promise<void> {
    const { request: { weights, listener, settings, task }, train, stepper, stepOptions, evaluation, schedule } =
      this.#options;
    const { gradientAccumulationSteps: accumulationSteps } = settings;
    const { decomposition, step } = options;
    const before = await evaluation.trainingLogits();
    const started = performance.now();
    const trial = trialOn({
      ...options,
      names,
      throwIfInterrupted: listener.throwIfInterrupted,
      train,
      stepper: stepOptions,
      schedule,
      accumulationSteps,
    });
    const movements: Record<string, number>[] = [];
    const recorded: Trial = {
      matrices: trial.matrices,
      movements: async (...args) => {
        const measured = await trial.movements(...args);
        movements.push(Object.fromEntries(measured));
        return measured;
      },
    };
    const calibrated = await decomposition.calibrate?.(recorded) ?? decomposition;
    const selected = convert(names, { ...options, decomposition: calibrated });
    const seconds = since(started);
    stepper.refresh();
    evaluation.onFactorized();
    // Between a matrix and its factors there is no state that can be saved.
    const after = await evaluation.trainingLogits({ toEnd: true });
    // The difference of a lossy decomposition is reported, not refused.
    const lossy = names.some((name) => weights.factorizationOf(name)?.maxRelativeError !== undefined);
    const difference = lossy
      ? largestDifference(before, after)
      : checkSameLogits("Factorizing", { before, after, head: task.head });
    this.#add({
      selected,
      conversions: [{ names, movements }],
      factorizeDifference: difference,
      seconds: { selection: 0, decomposition: seconds },
    });
    listener.event({ type: "converted", step, matrices: selected });
  }

  /** Restores the stored factors of matrices. Calibration repeats with the stored measurements, without trials. */
  async restore(state: RoundsState, factorsOf: (name: string) => tf.Tensor[]): Promise<void> {
    const { request: { weights, method: { decomposition } }, stepper, evaluation } = this.#options;
    this.#state = state;
    for (const { names, movements } of state.conversions) {
      const measured = [...movements];
      const replayed: Trial = {
        matrices: selectedMatrices(weights, names),
        movements: () => Promise.resolve(new Map(Object.entries(measured.shift()!))),
      };
      const calibrated = await decomposition!.calibrate?.(replayed);
      for (const name of names) {
        const factorization = { decomposition: calibrated?.get(name) ?? decomposition!, factors: factorsOf(name) };
        weights.restoreFactors(name, factorization);
      }
    }
    if (state.conversions.length === 0) return;
    stepper.refresh();
    evaluation.onFactorized();
  }

  #add({ selected = [], rankings = [], conversions = [], factorizeDifference = 0, seconds }: Partial<RoundsState>) {
    const old = this.#state;
    this.#state = {
      selected: [...old.selected, ...selected],
      rankings: [...old.rankings, ...rankings],
      conversions: [...old.conversions, ...conversions],
      factorizeDifference: Math.max(old.factorizeDifference, factorizeDifference),
      seconds: {
        selection: old.seconds.selection + seconds!.selection,
        decomposition: old.seconds.decomposition + seconds!.decomposition,
      },
    };
  }

  #trainingGradients(): Map<string, tf.Tensor2D> {
    const { accumulator } = this.#options.stepper;
    if (accumulator.sums.length > 0 && accumulator.steps > 0) return accumulator.means();
    throw new Error("The score uses the gradients of training: its policy must declare the same needs.");
  }
}

const since = (started: number) => (performance.now() - started) / 1000;
