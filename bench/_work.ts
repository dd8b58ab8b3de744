/**
 * What one side of a row is told to do.
 *
 * @module
 */
import type { Products } from "./_shapes.ts";

/** A piece of work, for either side: plain JSON. */
export interface Work {
  readonly work: "step" | "evaluate" | "inference" | "decompose" | "products";
  readonly lines?: number;
  readonly length?: number;
  /** Over-parameterise the chosen matrices. @default plain */
  readonly opf?: boolean;
  /** Of the model. @default six */
  readonly layers?: number;
  /** Local tensors, of an OPF step. @default 15 */
  readonly tensors?: number;
  /** Matrices over-parameterised. @default 18 */
  readonly matrices?: number;
  /** A file with real batches. @default random tokens, no padding */
  readonly batches?: string;
  readonly products?: readonly Products[];
  /** Without what earlier processes compiled. @default false */
  readonly cold?: boolean;
  /** Times that one measurement does the work; its seconds are of one. @default 1 */
  readonly repeat?: number;
  /** Times before the first measurement. @default 1 */
  readonly warm?: number;
}

/** What one measurement says. */
export interface Measurement {
  readonly seconds: number;
  /** Processor time of all threads, which other work on the machine lengthens less. */
  readonly cpuSeconds: number;
  /** Of the side's process, since it began. */
  readonly peakBytes: number;
  /** Seconds of the first time the work was done, which compiles. */
  readonly firstSeconds?: number;
}
