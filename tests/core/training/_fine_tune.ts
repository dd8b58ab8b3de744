/**
 * A task that a tiny BERT learns in seconds.
 *
 * @module
 */
import { type Architecture, type EncodedExample, RandomKey, type Task, tf, Weights } from "@opf/framework";
import { bert, mpo, staticTop, taylor } from "@opf/framework/plugins";
import { accuracy } from "@opf/framework/tasks";
import { fineTune } from "../../../core/training/fine_tune.ts";
import type { TrainingEvent, TrainingOutcome, TrainingRequest } from "../../../core/training/fine_tune_request.ts";
import { type TrainingOptions, trainingSchema } from "../../../core/training/settings.ts";
import { initialTensors } from "../../_initial_tensors.ts";
import { CONFIG } from "../../_tiny.ts";

const GOOD = 5, BAD = 6, OTHERS = [7, 8, 9, 10, 11];

/** Which of two words a sentence has. */
export const task: Task = {
  name: "toy",
  head: { kind: "classification", outputs: 2 },
  primary: "accuracy",
  load: () => Promise.reject(new Error("not loaded")),
  metrics: [accuracy],
};

/** Examples of filler words and one word that determines the class. */
export function examples(count: number, seed: number): EncodedExample[] {
  return Array.from({ length: count }, (_, index) => {
    const bits = RandomKey.of(seed).fold(index).bits(8);
    const label = bits[0]! % 2;
    const words = Array.from({ length: 1 + bits[1]! % 5 }, (_, at) => OTHERS[bits[2 + at]! % OTHERS.length]!);
    words.splice(bits[7]! % words.length, 0, label ? GOOD : BAD);
    const ids = [2, ...words, 3];
    return { index, label, ids, tokenTypeIds: ids.map(() => 0) };
  });
}

/** What a run of {@linkcode run} differs in. */
export interface Options {
  readonly settings?: TrainingOptions;
  readonly opf?: boolean;
  readonly seed?: number;
  readonly change?: Partial<TrainingRequest>;
  readonly config?: Partial<typeof CONFIG>;
  readonly damage?: boolean;
}

class DamagedWeights extends Weights {
  override toDense(names?: Iterable<string>) {
    const merged = super.toDense(names);
    const name = "bert.encoder.layer.0.output.dense.weight";
    const whole = merged.get(name)!;
    merged.set(name, tf.mul(whole, 1.01));
    whole.dispose();
    return merged;
  }
}

const FIRST = { key: RandomKey.of(5), width: 0.3 };

/** `Σ‖ΔW‖` over the selected matrices. */
function distanceMoved({ selected, merged }: TrainingOutcome, architecture: Architecture): number {
  return tf.tidy(() => {
    const before = initialTensors(architecture, FIRST);
    const moved = selected.map(({ name }) => tf.norm(tf.sub(merged!.get(name)!, before.get(name)!)).dataSync()[0]!);
    return moved.reduce((sum, distance) => sum + distance, 0);
  });
}

/** Fine-tunes a tiny BERT on the task. */
export async function run({ settings, opf = false, seed = 1, change, config, damage = false }: Options = {}) {
  const architecture = bert({ source: "tiny" }).architecture({ ...CONFIG, ...config }, task.head);
  const weights = new (damage ? DamagedWeights : Weights)(architecture, initialTensors(architecture, FIRST));
  const events: TrainingEvent[] = [], notes: string[] = [];
  try {
    const outcome = await fineTune({
      weights,
      task,
      method: opf ? { decomposition: mpo({ tensors: 3 }), policy: staticTop({ n: 1, score: taylor() }) } : {},
      settings: trainingSchema.parse({
        epochs: 6,
        batchSize: 16,
        learningRate: 5e-3,
        factorLearningRate: 2e-3,
        maxLength: 16,
        ...settings,
      }),
      train: examples(64, 11),
      dev: examples(40, 12),
      padId: 0,
      key: RandomKey.of(seed),
      listener: {
        event: (event) => events.push(event),
        note: (note) => notes.push(note),
        throwIfInterrupted: () => Promise.resolve(),
      },
      ...change,
    });
    const moved = outcome.merged ? distanceMoved(outcome, architecture) : NaN;
    tf.dispose([...outcome.merged?.values() ?? []]);
    return { outcome, events, notes, moved, factorized: weights.factorized };
  } finally {
    weights.dispose();
  }
}

/** The accuracies on the dev set, epoch by epoch. */
export const accuracies = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => event.type === "evaluation" ? [event.metrics.accuracy!] : []);
