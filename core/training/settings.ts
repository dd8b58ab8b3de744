/**
 * Settings of a fine-tuning run, with Transformers' names, and the one table of their defaults.
 *
 * @module
 */
import { z } from "zod";

const count = () => z.int().min(1);
const fraction = () => z.number().min(0).lt(1);
const rate = () => z.number().min(0);

/** Settings of training, resolved; `docs/settings.md` says what each means and its default. */
export type TrainingSettings = {
  readonly epochs: number;
  readonly maxSteps: number | null;
  readonly batchSize: number;
  readonly gradientAccumulationSteps: number;
  readonly learningRate: number;
  readonly factorLearningRate: number;
  readonly weightDecay: number;
  readonly factorWeightDecay: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly maxGradNorm: number;
  readonly warmupRatio: number;
  readonly warmupSteps: number | null;
  readonly maxLength: number;
  readonly train: "all" | readonly string[];
  readonly keep: "last" | "best";
  readonly split: "dev" | "dev-halves" | "held-out";
  readonly heldOut: number;
  readonly trainExamples: number | null;
  readonly scoreExamples: number | null;
};

/** Settings of training as an experiment states them: those that differ from the defaults. */
export type TrainingOptions = Partial<TrainingSettings>;

type SettingSchemas = { readonly [Name in keyof TrainingSettings]: z.ZodType<TrainingSettings[Name]> };

/** Every setting of training with its default; a result stores all of them. */
export const trainingSchema = z.strictObject(
  {
    epochs: count().default(3).describe("Passes over the training examples"),
    maxSteps: count().nullable().default(null).describe("Optimiser steps; null: as many as the epochs have"),
    batchSize: count().default(32).describe("Examples of one forward pass"),
    gradientAccumulationSteps: count().default(1).describe("Forward passes of one optimiser step"),
    learningRate: rate().default(2e-5).describe("Peak rate of dense parameters"),
    factorLearningRate: rate().default(2e-5).describe("Peak rate of factors"),
    weightDecay: rate().default(0.01).describe("AdamW's decay of dense parameters, none on biases and LayerNorm"),
    factorWeightDecay: rate().default(0).describe("AdamW's decay of factors"),
    adamBeta1: fraction().default(0.9).describe("Decay of the first moment"),
    adamBeta2: fraction().default(0.999).describe("Decay of the second moment"),
    adamEpsilon: z.number().positive().default(1e-8).describe("Added to the root of the second moment"),
    maxGradNorm: z.number().positive().default(1).describe("Global norm that gradients are clipped to"),
    warmupRatio: z.number().min(0).max(1).default(0.1).describe("Part of the steps in which rates rise"),
    warmupSteps: z.int().min(0).nullable().default(null).describe("Steps in which rates rise; null: by warmupRatio"),
    maxLength: z.int().min(3).default(128).describe("Tokens of a line, special ones included; longer ones are cut"),
    train: z.union([z.literal("all"), z.array(z.string()).min(1)]).default("all")
      .describe('"all", or patterns on parameter names (`*` for anything) of what is trained'),
    keep: z.enum(["last", "best"]).default("last")
      .describe("Which weights are judged: the last, or the best epoch's on a held-out part of the training examples"),
    split: z.enum(["dev", "dev-halves", "held-out"]).default("dev")
      .describe(
        'What is judged: the dev set; a random half of it, the other being what keep: "best" looks at; or training ' +
          "examples that are held out, the dev set unseen. The same examples for every method and seed",
      ),
    heldOut: z.number().gt(0).lt(1).default(0.1)
      .describe('Part of the training examples held out for keep: "best", and for split: "held-out"'),
    trainExamples: count().nullable().default(null).describe("Training examples used, drawn by the seed; null: all"),
    scoreExamples: count().nullable().default(null).describe("Training examples that scores look at; null: all"),
  } satisfies SettingSchemas,
);

/** The defaults of all settings. */
export const TRAINING_DEFAULTS: TrainingSettings = trainingSchema.parse({});
