/**
 * What the practice tasks have in common: data made in memory from one seed, and noise that is counted.
 *
 * @module
 */
import {
  type Example,
  type Head,
  type Json,
  type MetricName,
  type Metrics,
  RandomKey,
  type Task,
  type TaskData,
} from "@opf/framework";
import { createHash } from "node:crypto";
import type { Metric } from "../metrics.ts";
import { Draw } from "./_draw.ts";

/** The seed of all practice data. */
const SEED = 20;

/** A line before its noise. */
export interface Line {
  readonly texts: Example["texts"];
  /** By the rules of the grammar. */
  readonly label: number;
}

/** What is done to labels, so that no model can be right always. */
export interface Noise {
  /** How much of it there is; stored with results. */
  readonly says: { readonly [name: string]: Json };
  readonly of: (label: number, draw: Draw) => number;
}

/** How one practice task differs from the others. */
export interface PracticeOptions {
  readonly name: string;
  readonly head: Head;
  readonly primary: MetricName;
  readonly metrics: { readonly [name in MetricName]?: Metric };
  readonly rows: { readonly train: number; readonly dev: number };
  readonly line: (draw: Draw) => Line;
  readonly noise: Noise;
}

/** Noise that takes the other one of two classes with this probability. */
export const flips = (rate: number): Noise => ({
  says: { flipped: rate },
  of: (label, draw) => draw.chance(rate) ? 1 - label : label,
});

/**
 * A task whose data are made from its name and one seed; it needs no files. The ceiling is what the rules' own labels reach
 * on the dev set, judged by the noisy ones.
 */
export function practiceTask({ name, metrics, line, noise, rows, ...rest }: PracticeOptions): Task {
  const judge = (predictions: readonly number[], labels: readonly number[]): Metrics =>
    Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric(predictions, labels)]));
  const key = RandomKey.of(SEED).fold(name);
  const make = (split: "train" | "dev") =>
    Array.from({ length: rows[split] }, (_, index) => {
      const own = key.fold(split).fold(index);
      const { texts, label: clean } = line(new Draw(own));
      const label = noise.of(clean, new Draw(own.fold("noise")));
      return { example: { index, texts, label }, clean };
    });
  return {
    name,
    options: { seed: SEED, noise: noise.says },
    rows,
    ...rest,
    metrics: judge,
    load: (): Promise<TaskData> => {
      const made = { train: make("train"), dev: make("dev") };
      const [train, dev] = [made.train, made.dev].map((set) => set.map(({ example }) => example)) as [
        Example[],
        Example[],
      ];
      return Promise.resolve({
        train,
        dev,
        ceiling: judge(made.dev.map(({ clean }) => clean), dev.map(({ label }) => label!)),
        origin: { generated: name, files: { train: digest(train), dev: digest(dev) } },
      });
    },
  };
}

const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");
