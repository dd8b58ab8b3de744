/**
 * The rounds of selection of one run: what was ranked, what was chosen, and what became of it.
 *
 * @module
 */
import type { Decomposition } from "../../decomposition.ts";
import type * as tf from "../../backend/tf.ts";
import type { EncodedExample } from "../../model/batch.ts";
import type { BatchShape } from "../batches.ts";
import { checkSame, largestDifference } from "../logits.ts";
import type { Evaluation } from "../evaluation.ts";
import type { TrainingRequest } from "../fine_tune_request.ts";
import { choose, convert } from "./round.ts";
import type { StepOptions, Stepper } from "../step.ts";
import type { RoundsState } from "./rounds_state.ts";
import { trialOn } from "./trial.ts";

/** What a run knows that a round needs. */
export interface RoundsOptions {
  readonly request: TrainingRequest;
  readonly train: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly stepOptions: StepOptions;
  readonly stepper: Stepper;
  readonly judging: Evaluation;
}

/** Asks the policy at the steps of its rounds, and writes what it chooses as factors. */
export class Rounds {
  readonly #options: RoundsOptions;
  #state: RoundsState = {
    selected: [],
    rankings: [],
    conversions: [],
    factorizeDifference: 0,
    seconds: { selection: 0, decomposition: 0 },
  };

  #midway = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  get state(): RoundsState {
    return this.#state;
  }

  /** The weights are neither as before the round nor known to be right after it. */
  get midway(): boolean {
    return this.#midway;
  }

  /** The round before a step. */
  async at(step: number): Promise<void> {
    const { request: { method: { policy, decomposition }, ...request }, train, shape, stepper } = this.#options;
    const { weights, settings, key, fineTuned, watch } = request;
    if (!policy || !decomposition) throw new Error("A method needs both a decomposition and a policy, or neither.");
    const started = performance.now();
    const roundKey = key.fold("selection").fold(step);
    const wanted = roundKey.permutation(train.length).slice(0, settings.scoreExamples ?? train.length);
    const options = {
      weights,
      policy,
      decomposition,
      step,
      examples: wanted.map((at) => train[at]!),
      shape,
      key: roundKey,
      fineTuned: fineTuned ?? (() => Promise.reject(new Error("There is no fine-tuned model to score."))),
      trainingGradients: () => this.#trainingGradients(),
      pause: () => watch.pause(),
      note: (message: string) => watch.note(message),
    };
    const { names, rankings } = await choose(options);
    for (const ranking of rankings) watch.event({ type: "ranking", ...ranking });
    const selection = since(started);
    if (names.length > 0) await this.#convert(names, { ...options, rankings });
    else stepper.resetGradientSums();
    this.#add({ rankings, seconds: { selection, decomposition: 0 } });
  }

  async #convert(
    names: readonly string[],
    options: Parameters<typeof convert>[1] & { readonly shape: BatchShape },
  ): Promise<void> {
    const { request: { weights, watch }, train, stepper, stepOptions, judging } = this.#options;
    const { decomposition, step } = options;
    const before = await judging.training();
    const started = performance.now();
    const trial = trialOn({ ...options, names, train, stepper: stepOptions });
    const moved: number[] = [];
    const recorded = {
      moved: async (other: Decomposition, steps: number) => {
        const found = await trial.moved(other, steps);
        moved.push(found);
        return found;
      },
    };
    const found = await decomposition.calibrate?.(recorded) ?? decomposition;
    this.#midway = true;
    const selected = convert(names, { ...options, decomposition: found });
    const seconds = since(started);
    stepper.refresh();
    judging.onFactorized();
    const after = await judging.training();
    // A decomposition that says it loses something is reported, not refused.
    const lossy = names.some((name) => weights.factorizationOf(name)?.maxRelativeError !== undefined);
    const difference = lossy
      ? largestDifference(before, after)
      : checkSame("Writing matrices as factors", { before, after });
    this.#add({
      selected,
      conversions: [{ names, moved }],
      factorizeDifference: difference,
      seconds: { selection: 0, decomposition: seconds },
    });
    this.#midway = false;
    watch.event({ type: "converted", step, matrices: selected });
  }

  /** Writes matrices as the factors that they were when this was saved; {@linkcode convert} is not asked again. */
  async restore(state: RoundsState, factorsOf: (name: string) => tf.Tensor[]): Promise<void> {
    const { request: { weights, method: { decomposition } }, stepper, judging } = this.#options;
    this.#state = state;
    for (const { names, moved } of state.conversions) {
      const measured = [...moved];
      const again = { moved: () => Promise.resolve(measured.shift()!) };
      const found = await decomposition!.calibrate?.(again) ?? decomposition!;
      for (const name of names) weights.restoreFactors(name, { decomposition: found, factors: factorsOf(name) });
    }
    if (state.conversions.length === 0) return;
    stepper.refresh();
    judging.onFactorized();
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
    const { gradientSums } = this.#options.stepper;
    if (gradientSums.tensors.length > 0 && gradientSums.steps > 0) return gradientSums.means();
    throw new Error('The score looks at the gradients of training: its policy must say needs: ["trainingGradients"].');
  }
}

const since = (started: number) => (performance.now() - started) / 1000;
