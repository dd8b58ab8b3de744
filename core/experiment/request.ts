/**
 * What a user requests of `reproduce`.
 *
 * @module
 */
import type { Overrides } from "../results/manifest.ts";

/** The options of `deno task reproduce`, checked; paths are absolute. */
export interface Request extends Overrides {
  /** A folder with a folder per task. */
  readonly data?: string;
  /** A folder with a folder per run. */
  readonly runs: string;
  readonly keepModels: boolean;
  /** Whether to write event files for TensorBoard. */
  readonly tensorboard: boolean;
  /** Number of worker processes. */
  readonly jobs: number;
  /** Threads of all workers together. */
  readonly threads?: number;
  readonly device?: "cpu" | "gpu";
  /** Devices that share each batch of a run; more than one only with one worker process. */
  readonly devices?: number;
}

/** A request that may leave the number of workers to the experiment. */
export type OpenRequest = Omit<Request, "jobs"> & Partial<Pick<Request, "jobs">>;

/** What of a request changes the experiment: a manifest stores it. */
export function overridesOf({ tasks, methods, models, seeds, set, backend }: Overrides): Overrides {
  return {
    ...(tasks && { tasks }),
    ...(methods && { methods }),
    ...(models && { models }),
    ...(seeds && { seeds }),
    ...(set && { set }),
    ...(backend !== undefined && { backend }),
  };
}
