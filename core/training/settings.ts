/**
 * Settings of a fine-tuning run, with Transformers' names, and the one table of their defaults.
 *
 * @module
 */
import { z } from "zod";
import type { Precision } from "../backend/engine.ts";

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
  /** `null` only until it is known what computes. */
  readonly precision: Precision | null;
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
    maxSteps: count().nullable().default(null).describe("Optimizer steps; null: as many as the epochs have"),
    batchSize: count().default(32).describe("Examples of one forward pass"),
    gradientAccumulationSteps: count().default(1).describe("Forward passes of one optimizer step"),
    learningRate: rate().default(2e-5).describe("Peak learning rate of dense parameters"),
    factorLearningRate: rate().default(2e-5).describe("Peak learning rate of factors"),
    weightDecay: rate().default(0.01).describe("Weight decay of dense parameters; biases and LayerNorm have none"),
    factorWeightDecay: rate().default(0).describe("Weight decay of factors"),
    adamBeta1: fraction().default(0.9).describe("Decay of the first moment"),
    adamBeta2: fraction().default(0.999).describe("Decay of the second moment"),
    adamEpsilon: z.number().positive().default(1e-8).describe("Added to the square root of the second moment"),
    maxGradNorm: z.number().positive().default(1).describe("Global norm that gradients are clipped to"),
    precision: z.enum(["float32", "tf32", "bfloat16"]).nullable().default(null)
      .describe(
        "How matrix products of a step multiply, all else being float32: float32, tf32 or bfloat16; null: tf32 on a GPU, else float32",
      ),
    warmupRatio: z.number().min(0).max(1).default(0.1).describe("Fraction of the steps with warm-up"),
    warmupSteps: z.int().min(0).nullable().default(null).describe("Steps with warm-up; null: by warmupRatio"),
    maxLength: z.int().min(3).default(128).describe(
      "Tokens of an example, special ones included; longer examples are truncated",
    ),
    train: z.union([z.literal("all"), z.array(z.string()).min(1)]).default("all")
      .describe('Which parameters are trained: "all", or patterns on their names (`*` matches anything)'),
    keep: z.enum(["last", "best"]).default("last")
      .describe("Which weights are evaluated: the last, or those of the best epoch on held-out training examples"),
    split: z.enum(["dev", "dev-halves", "held-out"]).default("dev")
      .describe(
        'What results are computed from: the dev set; a random half of it, with the other half for keep: "best"; or ' +
          "held-out training examples, without the dev set. The same examples for every method and seed",
      ),
    heldOut: z.number().gt(0).lt(1).default(0.1)
      .describe('Fraction of the training examples held out for keep: "best" and for split: "held-out"'),
    trainExamples: count().nullable().default(null).describe("Training examples used, drawn by the seed; null: all"),
    scoreExamples: count().nullable().default(null).describe("Training examples that scores use; null: all"),
  } satisfies SettingSchemas,
);

/** The defaults of all settings. */
export const TRAINING_DEFAULTS: TrainingSettings = trainingSchema.parse({});
