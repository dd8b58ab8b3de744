/**
 * Waiting for the runs that were handed to a launcher, with one live line.
 *
 * @module
 */
import { type ExperimentStatus, experimentStatus } from "../../execution/experiment_status.ts";
import type { LaunchesOptions } from "../../execution/launch/launched_tasks.ts";
import { duration } from "../format.ts";
import { printError } from "../output.ts";

/** Seconds between two looks, and the share of the time that a look may take. */
const SECONDS = 2, SHARE = 0.1;
/** Seconds between lines where there is no terminal. */
const PLAIN_SECONDS = 30;
/** A task of the next stage may be submitted while its predecessor ends: so many looks must find nothing. */
const LOOKS = 2;

/** Waits until no task of an experiment is queued or running; returns where its runs are then. */
export async function waitForLaunches(name: string, options: LaunchesOptions): Promise<ExperimentStatus> {
  const line = new LiveLine(Deno.stderr.isTerminal());
  const start = performance.now();
  let doneBefore: number | undefined;
  for (let idle = 0;;) {
    const look = performance.now();
    const status = await experimentStatus(name, options);
    const count = (...states: string[]) => status.runs.filter(({ run }) => states.includes(run.state)).length;
    const [pending, running, done, failed] = [count("queued"), count("running"), count("done"), count("failed")];
    doneBefore ??= done;
    const seconds = (performance.now() - start) / 1000;
    const left = done > doneBefore ? [`${duration(seconds / (done - doneBefore) * (pending + running))} left`] : [];
    line.show([`${pending} pending, ${running} running, ${done} done, ${failed} failed`, ...left].join(", "));
    // A queue that is unknown for the moment is not empty.
    idle = pending + running + status.next.length > 0 || status.warnings.length > 0 ? 0 : idle + 1;
    if (idle === LOOKS) {
      line.end();
      return status;
    }
    const pause = Math.max(SECONDS, (performance.now() - look) / 1000 / SHARE);
    await new Promise((resume) => setTimeout(resume, 1000 * pause));
  }
}

/** A line that is written over on a terminal, and elsewhere printed from time to time when it has changed. */
class LiveLine {
  #printed = "";
  #time = -Infinity;

  constructor(readonly isTerminal: boolean) {}

  show(text: string): void {
    if (this.isTerminal) {
      Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
    } else if (text !== this.#printed && performance.now() - this.#time >= 1000 * PLAIN_SECONDS) {
      this.#time = performance.now();
      this.#printed = text;
      printError(text);
    }
  }

  end(): void {
    if (this.isTerminal) Deno.stderr.writeSync(new TextEncoder().encode("\n"));
  }
}
