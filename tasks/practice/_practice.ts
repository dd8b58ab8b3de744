/**
 * What the practice tasks have in common: data generated in memory from one seed, with known label noise.
 *
 * @module
 */
import {
  computeMetrics,
  type Example,
  type Head,
  type Json,
  type Metric,
  RandomKey,
  type Task,
  type TaskData,
} from "@opf/framework";
import { createHash } from "node:crypto";
import { Draw } from "./_draw.ts";

/** The seed of all practice data. */
const SEED = 20;

/** An example before label noise. */
export interface CleanExample {
  readonly texts: Example["texts"];
  /** The label by the rules of the grammar. */
  readonly label: number;
}

/** Label noise, so that no model can be right every time. */
export interface Noise {
  /** Its amount; stored with results. */
  readonly options: { readonly [name: string]: Json };
  readonly apply: (label: number, draw: Draw) => number;
}

/** How one practice task differs from the others. */
export interface PracticeOptions {
  readonly name: string;
  readonly head: Head;
  readonly metrics: readonly Metric[];
  readonly primary: string;
  readonly rows: { readonly train: number; readonly dev: number };
  readonly example: (draw: Draw) => CleanExample;
  readonly noise: Noise;
}

/** Noise that flips a binary label with the given probability. */
export const flips = (rate: number): Noise => ({
  options: { flipped: rate },
  apply: (label, draw) => draw.chance(rate) ? 1 - label : label,
});

/**
 * A task whose data are generated from its name and one seed; it needs no files. The ceiling is the score of the clean labels
 * of the dev set against the noisy ones.
 */
export function practiceTask({ name, metrics, example, noise, rows, ...rest }: PracticeOptions): Task {
  const key = RandomKey.of(SEED).fold(name);
  const make = (split: "train" | "dev") =>
    Array.from({ length: rows[split] }, (_, index) => {
      const exampleKey = key.fold(split).fold(index);
      const { texts, label: clean } = example(new Draw(exampleKey));
      const label = noise.apply(clean, new Draw(exampleKey.fold("noise")));
      return { example: { index, texts, label }, clean };
    });
  return {
    name,
    options: { seed: SEED, noise: noise.options },
    rows,
    ...rest,
    metrics,
    load: (): Promise<TaskData> => {
      const sets = { train: make("train"), dev: make("dev") };
      const [train, dev] = [sets.train, sets.dev].map((set) => set.map(({ example }) => example)) as [
        Example[],
        Example[],
      ];
      return Promise.resolve({
        train,
        dev,
        ceiling: computeMetrics(metrics, {
          predictions: sets.dev.map(({ clean }) => clean),
          labels: dev.map(({ label }) => label!),
        }),
        origin: { generated: name, files: { train: digest(train), dev: digest(dev) } },
      });
    },
  };
}

const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");
