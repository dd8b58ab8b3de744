/**
 * What a person asks of `reproduce`.
 *
 * @module
 */
import type { Overrides } from "../results/manifest.ts";

/** The options of `deno task reproduce`, checked; paths are absolute. */
export interface Request extends Overrides {
  /** Folder of a dataset a task. */
  readonly data?: string;
  /** Folder of a folder a run. */
  readonly runs: string;
  readonly keepModels: boolean;
  /** Write files for TensorBoard. */
  readonly tensorboard: boolean;
  /** Worker processes at once. */
  readonly jobs: number;
  /** Threads of all workers together. */
  readonly threads?: number;
  readonly device?: "cpu" | "gpu";
}

/** A request that may leave it to the experiment how many runs are done at once. */
export type OpenRequest = Omit<Request, "jobs"> & Partial<Pick<Request, "jobs">>;
