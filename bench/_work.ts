/**
 * The work of one side of a row, and its measurements.
 *
 * @module
 */
import type { Products } from "./_shapes.ts";

/** The work of one side, as JSON. */
export interface Work {
  readonly work: "step" | "evaluate" | "inference" | "decompose" | "products";
  readonly batchSize?: number;
  readonly length?: number;
  /** Over-parameterize the chosen matrices. @default false */
  readonly opf?: boolean;
  /** Layers of the model. @default 6 */
  readonly layers?: number;
  /** Local tensors per matrix. @default 15 */
  readonly tensors?: number;
  /** Matrices to over-parameterize. @default 18 */
  readonly matrices?: number;
  /** A file with real batches. @default random tokens, no padding */
  readonly batches?: string;
  readonly products?: readonly Products[];
  /** Ignore the kernels that earlier processes compiled. @default false */
  readonly cold?: boolean;
  /** What computes it on our side. @default the backend that is asked for */
  readonly backend?: string;
  /** Numbers of devices that do it one after another; the seconds of a measurement are those of the last. @default [1] */
  readonly devices?: readonly number[];
  /** Repetitions per measurement, whose seconds are those of one. @default 1 */
  readonly repeat?: number;
  /** Repetitions before the first measurement. @default 1 */
  readonly warm?: number;
}

/** One measurement. */
export interface Measurement {
  readonly seconds: number;
  /** By number of devices, for work that names them. */
  readonly secondsOn?: Readonly<Record<string, number>>;
  /** Processor time of all threads, which depends less on other load. */
  readonly cpuSeconds: number;
  /** Peak memory since the process started: of the GPU where there is one, else of the process. */
  readonly peakBytes: number;
  /** Seconds of the first repetition, which compiles. */
  readonly firstSeconds?: number;
}
