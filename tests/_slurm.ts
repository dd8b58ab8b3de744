/**
 * A real Slurm of one node on the loopback interface: munge, slurmctld and slurmd.
 *
 * @module
 */
import { until } from "./_until.ts";

/** A Slurm that runs. */
export interface Slurm {
  /** Environment variables for its commands. */
  readonly env: { readonly SLURM_CONF: string };
  /** Runs one of its commands; returns what it printed. */
  command(program: string, ...args: readonly string[]): Promise<string>;
  /** Cancels all jobs, and stops it. */
  [Symbol.asyncDispose](): Promise<void>;
}

const DAEMONS = ["munged", "slurmctld", "slurmd"];

/** Why no Slurm can be started here; `undefined` if one can. */
export async function slurmProblem(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "Slurm's daemons are started by root on Linux";
  const isThere = (program: string) =>
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((folder) => {
      try {
        return Deno.statSync(`${folder}/${program}`).isFile;
      } catch {
        return false;
      }
    });
  const missing = [...DAEMONS, "sbatch", "scontrol"].filter((program) => !isThere(program));
  if (missing.length > 0) return `there is no ${missing.join(", ")} (Debian: slurm-wlm)`;
  try {
    await using _ = await startSlurm({ cpus: 1, patience: 60 });
    return undefined;
  } catch (error) { // a container without what the daemons need
    return `Slurm is installed and does not start: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

function freePorts(): number[] {
  using one = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return [one.addr.port, other.addr.port];
}

const configuration = (
  folder: string,
  { host, cpus, ports }: { readonly host: string; readonly cpus: number; readonly ports: readonly number[] },
) => `
ClusterName=loop
SlurmctldHost=${host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
KillWait=120
MailProg=/bin/true
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;

/** How {@linkcode startSlurm} starts. */
export interface SlurmOptions {
  /** Processors of its node, whatever the machine has. */
  readonly cpus: number;
  /** Seconds until it gives up. @default 240 */
  readonly patience?: number;
}

/** Starts a Slurm in a folder of its own. */
export async function startSlurm(options: SlurmOptions): Promise<Slurm> {
  for (let attempts = 1;; attempts++) {
    try {
      return await tryStart(options);
    } catch (error) { // another program may have taken a port in the meantime
      if (attempts === 3 || !String(error).includes("already in use")) throw error;
    }
  }
}

async function tryStart({ cpus, patience = 240 }: SlurmOptions): Promise<Slurm> {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "slurm-" }); // the path of a socket is short
  const munge = `${folder}/munge`;
  for (const part of ["state", "spool", "munge"]) await Deno.mkdir(`${folder}/${part}`);
  await Deno.writeFile(`${munge}/key`, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
  await Deno.chmod(munge, 0o700);
  const env = { SLURM_CONF: `${folder}/slurm.conf` };
  const host = Deno.hostname().split(".")[0]!;
  await Deno.writeTextFile(env.SLURM_CONF, configuration(folder, { host, cpus, ports: freePorts() }));
  const command = async (program: string, ...args: readonly string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env }).output();
    if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  };

  const daemons: Deno.ChildProcess[] = [];
  let ended: string | undefined;
  const start = (program: string, args: readonly string[]) => {
    const daemon = new Deno.Command(program, { args: [...args], env, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    daemon.status.then(() => ended = program);
    daemons.unshift(daemon);
  };
  const answers = (what: string, look: () => Promise<boolean>, pause: number) =>
    until(what, look, { ended: () => ended !== undefined, pause, patience });
  const stop = async () => {
    for (const daemon of daemons) await endProcess(daemon);
    await Deno.remove(folder, { recursive: true });
  };
  try {
    start("munged", [
      ...["--foreground", "--force", `--key-file=${munge}/key`, `--socket=${munge}/socket`, `--pid-file=${munge}/pid`],
      ...[`--log-file=${munge}/log`, `--seed-file=${munge}/seed`],
    ]);
    await answers("munged listens", () => Deno.stat(`${munge}/socket`).then(() => true, () => false), 10);
    for (const program of ["slurmctld", "slurmd"]) start(program, ["-D", "-f", env.SLURM_CONF]);
    const isIdle = async () => (await command("sinfo", "-h").catch(() => "")).includes("idle");
    if (!await answers("the node is idle", isIdle, 250)) throw new Error(`${ended} ended early`);
  } catch (error) {
    const logs = ["munge/log", "slurmctld.log", "slurmd.log"].map((name) =>
      Deno.readTextFile(`${folder}/${name}`).catch(() => `no ${name}`)
    );
    const message = [(error as Error).message, ...await Promise.all(logs)].join("\n");
    await stop();
    throw new Error(message);
  }
  const isEmpty = async () => await command("squeue", "-h") === "";
  return {
    env,
    command,
    [Symbol.asyncDispose]: async () => {
      await command("scancel", "--me").then(() => until("all jobs have ended", isEmpty, { pause: 250 })).catch(
        () => {},
      );
      await stop();
    },
  };
}

async function endProcess(process: Deno.ChildProcess): Promise<void> {
  const kill = (signal: Deno.Signal) => {
    try {
      process.kill(signal);
    } catch { /* it has ended */ }
  };
  kill("SIGTERM");
  const timer = setTimeout(() => kill("SIGKILL"), 10_000);
  await process.status;
  clearTimeout(timer);
}
