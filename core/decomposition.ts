/**
 * What a decomposition is: a way to write a matrix as other tensors.
 *
 * @module
 */
import type { Json } from "./json.ts";
import type { RandomKey } from "./random.ts";
import type { Tensor, Tensor2D } from "./tf.ts";

/** `[rows, columns]` as the model stores the matrix. */
export type MatrixShape = readonly [rows: number, columns: number];

/** How one factor is trained; what is absent is as the run says. */
export interface FactorTraining {
  /** Never moves, has no gradient, no moments. @default false */
  readonly frozen?: boolean;
  /** Times the run's factor learning rate. @default 1 */
  readonly rate?: number;
  /** Weight decay of this factor. @default the run's `factorWeightDecay` */
  readonly decay?: number;
}

/**
 * A way to write any matrix as other tensors, with its options fixed: a value, or what a function returns.
 * `name` and `options` are stored with every result.
 */
export interface Decomposition {
  readonly name: string;
  readonly options: Json;
  /** What the decomposition makes of a matrix of this shape, before any weight is touched. */
  plan(shape: MatrixShape): Factorization;
}

/** The plan for one matrix: shapes, and the way there and back. */
export interface Factorization {
  readonly shape: MatrixShape;
  /** Shapes of the factors, in the order in which {@linkcode factorize} returns them. */
  readonly factorShapes: readonly (readonly number[])[];
  /** The factors of `matrix [rows, columns]`; random choices come from `key` alone. */
  factorize(matrix: Tensor2D, context: { readonly key: RandomKey }): Tensor[];
  /** The matrix `[rows, columns]` that the factors stand for; differentiable, once a training step. */
  reconstruct(factors: readonly Tensor[]): Tensor2D;
  /** Largest `‖W − reconstruct(factorize(W))‖ / ‖W‖` promised. @default exact, to 1e-5 */
  readonly maxRelativeError?: number;
  /** The factors may come out smaller than {@linkcode factorShapes}, which are then upper bounds. @default false */
  readonly shrinks?: boolean;
  /** One a factor. @default every factor is trained at the run's factor learning rate */
  readonly training?: readonly FactorTraining[];
}
