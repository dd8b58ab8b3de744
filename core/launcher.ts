/**
 * Launchers: what starts the runs of an experiment as jobs, on this machine or on those of a cluster.
 *
 * @module
 */

/** What a job script is written from. */
export interface ScriptOptions {
  /**
   * Shell commands that do one task. They read these environment variables, which the script sets before:
   *
   * - `OPF_TASK`: the position of the task in the launch, that of its array's first task plus its position in the array;
   * - `OPF_JOB`: the id of the task, `<id of the array>_<position in the array>`;
   * - `OPF_RESTARTS` (optional): how often this task was started before;
   * - `OPF_THREADS` (optional): its share of the machine's cores.
   */
  readonly command: string;
  /** Folder of logs: a task writes to `<OPF_JOB>.log` there, and appends to it when it is started again. */
  readonly logs: string;
  /** What the user wants of the cluster, in its own words: `--partition=gpu --time=02:00:00`. */
  readonly options: readonly string[];
}

/** Tasks to submit, of which any number may run at the same time. */
export interface TaskArray {
  /** What the user sees in the queue. */
  readonly name: string;
  /** Path of the job script. */
  readonly script: string;
  /** Position of its first task in the launch. */
  readonly first: number;
  /** How many tasks it has; their positions in the array start from 0. */
  readonly count: number;
  /** Ids of arrays that must have ended before, whether or not their tasks succeeded. */
  readonly after: readonly string[];
  /** How many tasks may run at the same time. @default no limit */
  readonly limit?: number;
}

/** An array that was submitted. */
export interface SubmittedArray extends Pick<TaskArray, "first" | "count"> {
  readonly id: string;
  /** Folder of its tasks' logs. */
  readonly logs: string;
}

/** A task that has not ended. */
export interface TaskState {
  readonly state: "queued" | "running";
  /** Name of the machine that it runs on. */
  readonly host?: string;
}

/**
 * Submits tasks to whatever starts them. All machines see the project, the folder of runs and the cache under the same
 * paths.
 */
export interface Launcher {
  readonly name: string;
  /**
   * What can be submitted from this machine.
   *
   * @throws {RequestError} if nothing can, in one sentence
   */
  check(): Promise<{
    /** The most tasks of an array. @default any number */
    readonly maxTasks?: number;
  }>;
  /** The text of a job script. */
  script(options: ScriptOptions): string;
  /** Submits an array; returns its id. */
  submit(array: TaskArray): Promise<string>;
  /**
   * The tasks of these arrays that have not ended, by their ids.
   *
   * @throws if it is unknown: no task counts as ended then
   */
  tasks(arrays: readonly SubmittedArray[]): Promise<ReadonlyMap<string, TaskState>>;
  /**
   * Puts a task that was sent a signal back into the queue, called by the task itself when it is about to end; false if the
   * user canceled it. Absent where nothing can be put back.
   */
  requeue?(task: string): Promise<boolean>;
}

/** The id of a task. */
export const taskId = (array: string, position: number): string => `${array}_${position}`;
