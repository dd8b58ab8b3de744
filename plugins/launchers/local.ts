/**
 * This machine as a launcher.
 *
 * @module
 */
import { exists, type Launcher, type SubmittedArray, taskId, type TaskState } from "@opf/framework";
import { dirname } from "node:path";

// $1 script, $2 first task, $3 count, $4 limit, $5 … ids of arrays to wait for. Its process id is the id of the array. One
// that has ended may stay in the table of processes, with the state Z, where nothing waits for orphans.
const RUN_ARRAY = `
script=$1 first=$2 count=$3 limit=$4; shift 4
for array in "$@"; do while ps -o stat= -p "$array" | grep -q "^[^Z]"; do sleep 0.5; done; done
seq 0 $((count - 1)) | xargs -P "$limit" -I{} bash "$script" "$first" "$$" {}
`;

/**
 * Processes in the background of this machine, one after the other unless `--array-limit` allows more at a time. They
 * continue when the terminal is closed; tasks that are stopped are not started again by themselves.
 */
export function local(): Launcher {
  return {
    name: "local",
    check: () => Promise.resolve({}),
    script: ({ command, logs }) =>
      [
        "#!/bin/bash",
        `export OPF_TASK=$(($1 + $3)) OPF_JOB="$2_$3"`,
        `log="${logs.replaceAll(/["$\`\\]/g, "\\$&")}/$OPF_JOB.log"`,
        `exec >>"$log" 2>&1 </dev/null`,
        `trap 'echo $? > "$log.ended"' EXIT`,
        `(\n${command}\n)`,
        "",
      ].join("\n"),
    submit: async ({ script, first, count, after, limit = 1 }) => {
      const args = [script, first, count, limit, ...after].map(String);
      // A session of its own: it does not end with this process or its terminal.
      const start = 'setsid nohup bash -c "$0" array "$@" >/dev/null 2>&1 </dev/null & echo $!';
      const command = new Deno.Command("bash", { args: ["-c", start, RUN_ARRAY, ...args], stdin: "null" });
      return new TextDecoder().decode((await command.output()).stdout).trim();
    },
    tasks: async (arrays) => new Map((await Promise.all(arrays.map(tasksOf))).flat()),
  };
}

// A task has started once it has a log, and ended once its exit code is beside it.
async function tasksOf({ id, count, logs }: SubmittedArray): Promise<[string, TaskState][]> {
  if (!await isAlive(id, logs)) return [];
  const tasks: [string, TaskState][] = [];
  for (let position = 0; position < count; position++) {
    const task = taskId(id, position);
    if (await exists(`${logs}/${task}.log.ended`)) continue;
    tasks.push([task, { state: await exists(`${logs}/${task}.log`) ? "running" : "queued" }]);
  }
  return tasks;
}

// The process of an array names its script, which lies beside the folder of logs; another process may have its id later.
async function isAlive(id: string, logs: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-ww", "-p", id, "-o", "args="], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).includes(`${dirname(logs)}/`);
}
