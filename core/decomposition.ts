/**
 * The interface of decompositions: ways to write a matrix as other tensors.
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
  /** The decomposition whose movement this one reproduces, as a control for the learning rate. @default none */
  readonly reference?: Decomposition;
  /**
   * The decomposition to use instead of this one for each selected matrix, by name, found by trial; called once per round,
   * before any matrix is converted.
   */
  calibrate?(trial: Trial): Promise<ReadonlyMap<string, Decomposition>>;
}

/** Trial steps, which are discarded. */
export interface Trial {
  /** The selected matrices. */
  readonly matrices: readonly { readonly name: string; readonly module: string; readonly stack?: string }[];
  /**
   * How far each selected matrix moves under a decomposition in a share of the run's steps: `‖ΔW‖` (Frobenius) by name. The
   * steps follow the run's schedule and gradient accumulation. Every trial starts from the same state and sees the same
   * batches and dropout.
   */
  movements(
    decomposition: Decomposition | ReadonlyMap<string, Decomposition>,
    options: { readonly share: number },
  ): Promise<ReadonlyMap<string, number>>;
}

/** The context in which one matrix is factorized. */
export interface FactorizeContext {
  readonly key: RandomKey;
  /** Stores facts about this matrix in the result. */
  report?(facts: { readonly [name: string]: Json }): void;
}

/** A tensor on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly values: Float32Array;
}

/** How matrices of one shape are written as factors, and back. */
export interface Factorization {
  readonly shape: MatrixShape;
  /** Shapes of the factors, in the order in which {@linkcode factorize} returns them. */
  readonly factorShapes: readonly (readonly number[])[];
  /** The factors of a matrix `[rows, columns]`. Random choices depend only on the context's `key`. */
  factorize(matrix: Tensor2D, context: FactorizeContext): Tensor[];
  /** The matrix `[rows, columns]` that the factors represent. Differentiable; called once per training step. */
  reconstruct(factors: readonly Tensor[]): Tensor2D;
  /**
   * The element `[row, column]` of the matrix that the factors represent, in float64: a second computation, against which
   * {@linkcode reconstruct} is checked on a sample when factors are merged. @default no such check
   */
  element?(factors: readonly HostTensor[], index: readonly [row: number, column: number]): number;
  /** Upper bound of `‖W − reconstruct(factorize(W))‖ / ‖W‖`. @default exact, to 1e-5 */
  readonly maxRelativeError?: number;
  /** Whether factors may be smaller than {@linkcode factorShapes}, which are then upper bounds. @default false */
  readonly adaptiveRank?: boolean;
  /** One per factor. @default all factors are trained at the run's learning rate for factors */
  readonly training?: readonly FactorTraining[];
}

/** The largest relative error of a factorization that is exact. */
export const EXACT = 1e-5;

/** Throws unless the factors have the shapes of the plan, or at most these shapes if it has adaptive ranks. */
export function checkFactors(plan: Factorization, factors: readonly Tensor[], what: string): void {
  const expected = JSON.stringify(plan.factorShapes);
  const actual = JSON.stringify(factors.map(({ shape }) => shape));
  const fits = factors.length === plan.factorShapes.length && factors.every(({ shape }, index) => {
    const planned = plan.factorShapes[index]!;
    return shape.length === planned.length &&
      shape.every((size, axis) => plan.adaptiveRank ? size <= planned[axis]! : size === planned[axis]);
  });
  if (!fits) {
    throw new Error(`${what}: expected factors ${plan.adaptiveRank ? "of at most " : ""}${expected}, got ${actual}.`);
  }
}

/** `‖W − reconstruct(factors)‖ / ‖W‖` (Frobenius). Throws if it is not finite or exceeds the bound of the plan. */
export function relativeError(
  plan: Factorization,
  { matrix, factors, what }: { matrix: Tensor2D; factors: readonly Tensor[]; what: string },
): number {
  const error = tf.tidy(() => {
    const reconstruction = plan.reconstruct(factors);
    if (reconstruction.shape.join() !== plan.shape.join()) {
      throw new Error(`${what}: expected a reconstruction [${plan.shape}], got [${reconstruction.shape}].`);
    }
    const lost = globalNorm([tf.sub(matrix, reconstruction)]).dataSync()[0]!;
    const size = globalNorm([matrix]).dataSync()[0]!;
    return size > 0 ? lost / size : lost;
  });
  const allowed = plan.maxRelativeError ?? EXACT;
  if (!(error <= allowed)) {
    throw new Error(`${what}: expected a relative error of at most ${allowed}, got ${error}.`);
  }
  return error;
}
