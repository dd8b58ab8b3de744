/**
 * What a decomposition is: a way to write a matrix as other tensors.
 *
 * @module
 */
import { globalNorm } from "./backend/global_norm.ts";
import type { Json } from "./json.ts";
import type { RandomKey } from "./random.ts";
import * as tf from "./backend/tf.ts";
import type { Tensor, Tensor2D } from "./backend/tf.ts";

/** `[rows, columns]` as the model stores the matrix. */
export type MatrixShape = readonly [rows: number, columns: number];

/** How one factor is trained. */
export interface FactorTraining {
  /** The factor never moves and has neither moments nor a gradient. @default false */
  readonly frozen?: boolean;
  /** For a frozen factor: compute its gradient and count it in the global norm that gradients are clipped to. */
  readonly countsInGradientNorm?: boolean;
  /** Which of the run's learning rates and weight decays applies. @default "factor" */
  readonly parameterGroup?: "factor" | "dense";
  /** Multiplies that learning rate. @default 1 */
  readonly learningRateMultiplier?: number;
  /** Weight decay of this factor. @default the parameter group's */
  readonly decay?: number;
}

/**
 * A way to write any matrix as other tensors, with its options fixed: a value, or what a function returns.
 * `name` and `options` are stored with every result.
 */
export interface Decomposition {
  readonly name: string;
  readonly options: Json;
  /** The factorization of matrices of this shape. It needs no weights. */
  plan(shape: MatrixShape): Factorization;
  /** Whether parameters besides the factors and the new head are trained. @default true */
  readonly trainOtherParameters?: boolean;
  /** The decomposition to use instead of this one, found by trial; called once per round, before any matrix is converted. */
  calibrate?(trial: Trial): Promise<Decomposition>;
}

/** Steps that are taken to learn something and thrown away. */
export interface Trial {
  /**
   * How far the chosen matrices move together, `Σ‖ΔW‖` (Frobenius), in `steps` steps at the peak rates, written by this
   * decomposition. Every trial begins at the same state and sees the same batches and dropout.
   */
  moved(decomposition: Decomposition, steps: number): Promise<number>;
}

/** What factorizing one matrix is told. */
export interface FactorizeContext {
  readonly key: RandomKey;
  /** Stores facts about this matrix with the result. */
  report?(facts: { readonly [name: string]: Json }): void;
}

/** The plan for one matrix: shapes, and the way there and back. */
export interface Factorization {
  readonly shape: MatrixShape;
  /** Shapes of the factors, in the order in which {@linkcode factorize} returns them. */
  readonly factorShapes: readonly (readonly number[])[];
  /** Writes a matrix `[rows, columns]` as factors. Random choices come from the context's `key` alone. */
  factorize(matrix: Tensor2D, context: FactorizeContext): Tensor[];
  /** The matrix `[rows, columns]` that the factors stand for; differentiable, once a training step. */
  reconstruct(factors: readonly Tensor[]): Tensor2D;
  /** Largest `‖W − reconstruct(factorize(W))‖ / ‖W‖` promised. @default exact, to 1e-5 */
  readonly maxRelativeError?: number;
  /** The factors may come out smaller than {@linkcode factorShapes}, which are then upper bounds. @default false */
  readonly adaptiveRank?: boolean;
  /** One a factor. @default every factor is trained at the run's factor learning rate */
  readonly training?: readonly FactorTraining[];
}

/** Largest relative error of a factorization that promises to be exact. */
export const EXACT = 1e-5;

/** Fails unless the factors have the shapes of the plan (at most these, where it may shrink). */
export function checkFactors(plan: Factorization, factors: readonly Tensor[], what: string): void {
  const wanted = JSON.stringify(plan.factorShapes);
  const found = JSON.stringify(factors.map(({ shape }) => shape));
  const fits = factors.length === plan.factorShapes.length && factors.every(({ shape }, index) => {
    const planned = plan.factorShapes[index]!;
    return shape.length === planned.length &&
      shape.every((size, axis) => plan.adaptiveRank ? size <= planned[axis]! : size === planned[axis]);
  });
  if (!fits) {
    throw new Error(`${what}: wanted factors ${plan.adaptiveRank ? "of at most " : ""}${wanted}, found ${found}.`);
  }
}

/** `‖W − reconstruct(factors)‖ / ‖W‖` (Frobenius); fails where it is not finite or larger than the plan promises. */
export function relativeError(
  plan: Factorization,
  { matrix, factors, what }: { matrix: Tensor2D; factors: readonly Tensor[]; what: string },
): number {
  const error = tf.tidy(() => {
    const again = plan.reconstruct(factors);
    if (again.shape.join() !== plan.shape.join()) {
      throw new Error(`${what}: wanted a reconstruction [${plan.shape}], found [${again.shape}].`);
    }
    const lost = globalNorm([tf.sub(matrix, again)]).dataSync()[0]!;
    const size = globalNorm([matrix]).dataSync()[0]!;
    return size > 0 ? lost / size : lost;
  });
  const allowed = plan.maxRelativeError ?? EXACT;
  if (!(error <= allowed)) {
    throw new Error(`${what}: wanted a relative error of at most ${allowed}, found ${error}.`);
  }
  return error;
}
