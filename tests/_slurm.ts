/**
 * A real Slurm of one node on the loopback interface: munge, slurmctld and slurmd.
 *
 * @module
 */

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
  const folder = await Deno.makeTempDir();
  try {
    await using _ = await startSlurm(folder, { cpus: 1 });
    return undefined;
  } catch (error) { // a container without what the daemons need
    return `Slurm is installed and does not start: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const freePort = (): number => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
};

const configuration = (folder: string, { host, cpus }: { readonly host: string; readonly cpus: number }) => `
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
SlurmctldPort=${freePort()}
SlurmdPort=${freePort()}
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
MailProg=/bin/true
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;

/** Starts a Slurm in a folder; its node has as many processors as it is told. */
export async function startSlurm(folder: string, { cpus }: { readonly cpus: number }): Promise<Slurm> {
  for (const part of ["state", "spool", "munge"]) await Deno.mkdir(`${folder}/${part}`, { recursive: true });
  await Deno.writeFile(`${folder}/munge/key`, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
  await Deno.chmod(`${folder}/munge`, 0o700);
  const env = { SLURM_CONF: `${folder}/slurm.conf` };
  const command = async (program: string, ...args: readonly string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], env }).output();
    if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  };
  const host = (await command("hostname", "-s")).trim();
  await Deno.writeTextFile(env.SLURM_CONF, configuration(folder, { host, cpus }));
  const munge = `${folder}/munge`;
  await command(
    "munged",
    ...[`--key-file=${munge}/key`, `--socket=${munge}/socket`, `--pid-file=${munge}/pid`],
    ...[`--log-file=${munge}/log`, `--seed-file=${munge}/seed`, "--force"],
  );
  await command("slurmctld", "-f", env.SLURM_CONF);
  await command("slurmd", "-f", env.SLURM_CONF);
  const stop = async () => {
    await command("scancel", "--me").catch(() => {});
    for (const file of ["slurmd.pid", "slurmctld.pid", "munge/pid"]) {
      const pid = Number(await Deno.readTextFile(`${folder}/${file}`).catch(() => 0));
      if (pid > 0) await endProcess(pid);
    }
  };
  for (let tries = 0; !(await command("sinfo", "-h").catch(() => "")).includes("idle"); tries++) {
    if (tries === 60) {
      await stop();
      throw new Error(
        `Slurm does not start: ${await Deno.readTextFile(`${folder}/slurmctld.log`).catch(() => "no log")}`,
      );
    }
    await new Promise((resume) => setTimeout(resume, 250));
  }
  return { env, command, [Symbol.asyncDispose]: stop };
}

async function endProcess(pid: number): Promise<void> {
  try {
    Deno.kill(pid, "SIGTERM");
    for (let tries = 0; tries < 40; tries++) {
      Deno.statSync(`/proc/${pid}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
    Deno.kill(pid, "SIGKILL");
  } catch { /* it has ended */ }
}
