/**
 * Slurm as a launcher.
 *
 * @module
 */
import { type Launcher, RequestError, type TaskState } from "@opf/framework";

/** Options of {@linkcode slurm}. */
export interface SlurmOptions {
  /** Seconds before its time limit at which a task is warned: it then writes a checkpoint. @default 120 */
  readonly warnSeconds?: number;
}

/** Slurm's default for the largest index of an array, plus 1. */
const MAX_ARRAY_SIZE = 1001;
/** States in which a task runs or still has its machine. */
const RUNNING = ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"];
const QUEUED = ["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"];

/**
 * Job arrays of Slurm, by its commands `sbatch`, `squeue` and `scontrol`. A task is warned some time before its time limit,
 * and put back into the queue by `scontrol requeue`; Slurm itself does so when a machine fails.
 *
 * @example The script of an array
 * ```ts
 * import { slurm } from "@opf/framework/plugins";
 * import { assertMatch } from "@std/assert";
 *
 * const script = slurm().script({ command: "exec work", logs: "/shared/logs", options: ["--time=02:00:00"] });
 * assertMatch(script, /^#SBATCH --time=02:00:00$/m);
 * ```
 */
export function slurm({ warnSeconds = 120 }: SlurmOptions = {}): Launcher {
  return {
    name: "slurm",
    check: async () => ({ maxTasks: maxArraySize(await clusterConfig()) }),
    script: ({ command, logs, options }) =>
      [
        "#!/bin/bash",
        `#SBATCH --output="${escapePattern(logs)}/%A_%a.log"`,
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        `#SBATCH --signal=B:USR2@${warnSeconds}`,
        ...options.map((option) => `#SBATCH ${oneLine(option)}`),
        "",
        "trap '' USR2 # a warning that comes before the task listens must not end it; its time limit still does",
        `export OPF_TASK=$(($1 + SLURM_ARRAY_TASK_ID))`,
        `export OPF_JOB="\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"`,
        `export OPF_RESTARTS="\${SLURM_RESTART_COUNT:-0}"`,
        `export OPF_THREADS="\${SLURM_CPUS_PER_TASK:-}"`,
        command,
        "",
      ].join("\n"),
    submit: async ({ name, script, first, count, after, limit }) => {
      const range = `--array=0-${count - 1}${limit === undefined ? "" : `%${limit}`}`;
      const dependency = after.length > 0 ? [`--dependency=afterany:${after.join(":")}`] : [];
      const args = ["--parsable", `--job-name=${name}`, range, ...dependency, script, String(first)];
      return (await command("sbatch", args)).trim().split(";")[0]!; // followed by the cluster's name where there are several
    },
    tasks: async () => parseQueue(await command("squeue", ["--noheader", "--array", "--me", "--format=%i|%T|%N"])),
    requeue: async (task) => {
      if (isCanceled(await command("scontrol", ["show", "job", "--oneliner", task]))) return false;
      await command("scontrol", ["requeue", task]);
      return true;
    },
  };
}

// In a file name `%` begins a pattern.
const escapePattern = (path: string) => path.replaceAll("%", "%%");

function oneLine(option: string): string {
  if (!/[\r\n]/.test(option)) return option;
  throw new RequestError(`--slurm-option: expected one line, got ${JSON.stringify(option)}.`);
}

/** The largest array that `scontrol show config` allows. */
export const maxArraySize = (config: string): number =>
  Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? MAX_ARRAY_SIZE);

/** The tasks that `squeue` lists, a line each: id, state and machines between `|`. Ended ones are left out. */
export function parseQueue(text: string): Map<string, TaskState> {
  return new Map(
    text.split("\n").flatMap((line): [string, TaskState][] => {
      const [id, state = "", host] = line.trim().split("|");
      if (!id || ![...RUNNING, ...QUEUED].includes(state)) return [];
      return [[id, RUNNING.includes(state) ? { state: "running", ...(host && { host }) } : { state: "queued" }]];
    }),
  );
}

/**
 * Whether a task that was sent a signal was canceled by someone, by what `scontrol show job` says: it is completing already,
 * not for its time limit and not for a job of higher priority.
 */
export const isCanceled = (job: string): boolean =>
  /\bJobState=(COMPLETING|CANCELLED)\b/.test(job) && !/\bReason=TimeLimit\b/.test(job) &&
  !/\bPreemptTime=\d/.test(job);

const clusterConfig = (): Promise<string> =>
  command("scontrol", ["show", "config"], {
    advice: "Expected a machine that can submit to the cluster, such as a login node.",
  });

async function command(
  program: string,
  args: readonly string[],
  { advice }: { readonly advice?: string } = {},
): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RequestError(`There is no Slurm on this machine: the command ${program} is not found.`);
  }
  const { success, stdout, stderr } = output;
  if (success) return new TextDecoder().decode(stdout);
  const problem = new TextDecoder().decode(stderr).trim().split("\n").map((line) =>
    line.replace(/^\w+: (error: )?/, "")
  );
  const message = `${program} failed: ${problem.join(" ")}`;
  throw new RequestError(advice === undefined ? message : `${message.replace(/\.$/, "")}. ${advice}`);
}
