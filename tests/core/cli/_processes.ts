/**
 * Processes of a command, to be killed; and what they wrote.
 *
 * @module
 */

/** A process and all that it started. */
export function family(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return [pid, ...children.split(" ").filter(Boolean).flatMap((child) => family(Number(child)))];
  } catch {
    return [pid];
  }
}

/** Kills a process at once, if it is there. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* it ended in the meantime */ }
}

/** Whether a process is there, and not only its exit code. */
export function alive(pid: number): boolean {
  try {
    return !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
  } catch {
    return false;
  }
}

/** Waits until something is so, or the process ended; whether it was so. */
export async function until(
  isSo: () => boolean,
  { ended = () => false }: { ended?: () => boolean } = {},
): Promise<boolean> {
  while (!ended()) {
    if (isSo()) return true;
    await new Promise((resume) => setTimeout(resume, 10));
  }
  return false;
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
