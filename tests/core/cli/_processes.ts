/**
 * Processes of a command, to be killed; and what they wrote.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { until } from "../../_until.ts";
import { type Ended, spawn, type Surroundings } from "./_command.ts";

/** A process and all that it started. */
export function family(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return [pid, ...children.split(" ").filter(Boolean).flatMap((child) => family(Number(child)))];
  } catch {
    return [pid];
  }
}

/** Kills processes at once, those that are there: none sees another one's end. */
export function kill(pids: readonly number[]): void {
  for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
    for (const pid of pids) {
      try {
        Deno.kill(pid, signal);
      } catch { /* it ended in the meantime */ }
    }
  }
}

/** Whether a process is there, and not only its exit code. */
export function alive(pid: number): boolean {
  try {
    return !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
  } catch {
    return false;
  }
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  /** How it ends. */
  readonly end: Promise<Ended>;
  /** Waits until something is so, or the command ended, without an error; whether it was so. */
  until(what: string, isSo: () => boolean): Promise<boolean>;
  /** Interrupts it as Ctrl-C does; whether it had not ended. It must end as an interrupted command does, or as one that is done. */
  interrupt(): Promise<boolean>;
  /** Kills what is left of it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a command from a folder. */
export function start(args: readonly string[], folder: string, surroundings: Surroundings = {}): Running {
  const process = spawn(args, folder, surroundings);
  let ended = false;
  const end = process.output().finally(() => ended = true).then(({ code, stdout, stderr }) => {
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
    return { code, out, err };
  });
  return {
    pid: process.pid,
    end,
    until: async (what, isSo) => {
      if (await until(what, isSo, { ended: () => ended })) return true;
      const { code, err } = await end;
      assertEquals(code, 0, err);
      return false;
    },
    interrupt: async () => {
      try {
        process.kill("SIGINT");
      } catch { /* it has ended */ }
      const { code, err } = await end;
      if (code !== 0) assertEquals(code, 130, err);
      return code !== 0;
    },
    [Symbol.asyncDispose]: async () => {
      if (!ended) kill(family(process.pid));
      await end;
    },
  };
}

const ATTEMPTS = 5;

/** Repeats a test in which a command may end before the test can meet it: until it returns true. */
export async function untilMet(attempt: () => Promise<boolean>): Promise<void> {
  for (let attempts = 0; attempts < ATTEMPTS; attempts++) if (await attempt()) return;
  assert(false, `The command ended ${ATTEMPTS} times before it could be stopped.`);
}

/** A line of `events.jsonl`. */
export interface Line {
  readonly type: string;
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

/** The whole lines of a run's `events.jsonl`; none if it does not exist. */
export function events(folder: string): Line[] {
  try {
    const text = Deno.readTextFileSync(`${folder}/events.jsonl`);
    return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").slice(0, -1).map((line) => JSON.parse(line));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Ids of the runs under a folder; none if it does not exist. */
export function ids(runs: string): string[] {
  try {
    return [...Deno.readDirSync(runs)].map(({ name }) => name).filter((name) => /^[0-9a-f]{16}$/.test(name));
  } catch {
    return [];
  }
}

/** Steps as they were taken, those that were taken again too. */
export const steps = (folder: string): number[] =>
  events(folder).filter(({ type }) => type === "step").map(({ step }) => step);

/** `1, 2, …`, as many as these. */
export const counted = (steps: readonly number[]): number[] => Array.from(steps, (_, at) => at + 1);
