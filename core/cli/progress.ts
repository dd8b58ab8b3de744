/**
 * Progress of runs: one live line a run on a terminal, plain lines elsewhere.
 *
 * @module
 */
import { MultiBar, type SingleBar } from "cli-progress";
import type { ResolvedRun } from "../run/resolve.ts";
import type { RunListener } from "../execution/run_all.ts";
import type { Result } from "../results/result.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { estimate } from "./estimate.ts";
import { say } from "./output.ts";
import { TimeLeft } from "./time_left.ts";

const PLAIN_SECONDS = 30;

interface Live {
  readonly number: number;
  bar?: SingleBar;
  started?: number;
  examples: number;
  steps: number;
  spoken: number;
}

/** Tells a person how runs go; `end` takes the live lines away. */
export class Progress implements RunListener {
  readonly #bars: MultiBar | undefined;
  readonly #runs = new Map<string, Live>();
  readonly #said = new Set<string>();
  readonly #left: TimeLeft;
  #count = 0;
  #total = 0;
  #later = 0;

  constructor(live: boolean, { jobs }: { jobs: number }) {
    this.#left = new TimeLeft(jobs);
    this.#bars = live
      ? new MultiBar({
        format: "{name} |{bar}| {value}/{total} {facts}",
        clearOnComplete: true,
        hideCursor: true,
        barsize: 20,
        gracefulExit: false,
      })
      : undefined;
  }

  expect(runs: readonly ResolvedRun[]): void {
    this.#total += runs.length;
    for (const run of runs) this.#left.expect(run.id, estimate(run).estimate.seconds);
  }

  later(runs: readonly ResolvedRun[]): void {
    const each = new Map(runs.map((run) => [run.id, run]));
    this.#later = each.size;
    this.#left.later = [...each.values()].reduce((sum, run) => sum + estimate(run).estimate.seconds, 0);
  }

  started(run: ResolvedRun): void {
    if (this.#runs.has(run.id)) return; // another process was at it, and it is looked at again
    const live: Live = { number: ++this.#count, examples: 0, steps: 0, spoken: performance.now() };
    this.#runs.set(run.id, live);
    if (this.#bars) live.bar = this.#bars.create(run.steps, 0, { name: nameOf(run), facts: "preparing" });
    else say(`[${this.#place(live)}] ${nameOf(run)}: ${run.steps} steps.`);
  }

  event(run: ResolvedRun, event: TrainingEvent): void {
    const live = this.#runs.get(run.id)!;
    if (event.type === "evaluation") {
      return this.note(`${nameOf(run)}: epoch ${event.epoch}, ${metricsOf(event.metrics)}.`);
    }
    if (event.type === "ranking") {
      const first = event.ranking.slice(0, 3).map(([name, value]) => `${name} (${value.toPrecision(3)})`);
      return this.note(`${nameOf(run)}: before step ${event.step + 1}, ${event.score} puts first ${first.join(", ")}.`);
    }
    if (event.type === "converted") {
      const size = event.matrices.reduce((sum, matrix) => sum + matrix.size, 0);
      return this.note(
        `${nameOf(run)}: ${event.matrices.length} matrices became ${(size / 1e6).toFixed(2)} M numbers.`,
      );
    }
    if (event.type === "resumed") return this.note(`${nameOf(run)}: goes on after step ${event.step}.`);
    if (event.type !== "step") return;
    live.started ??= performance.now() - 1000 * event.seconds;
    live.examples += event.examples;
    const seconds = (performance.now() - live.started) / 1000;
    const left = seconds / ++live.steps * (event.steps - event.step);
    this.#left.running(run.id, { seconds, left });
    const facts = [
      `loss ${event.loss.toFixed(4)}`,
      `rate ${(event.rate * run.spec.training.learningRate).toExponential(1)}`,
      `${(live.examples / seconds).toFixed(1)} examples/s`,
      `${(event.residentBytes / 1e9).toFixed(1)} GB`,
      `${clock(left)} left`,
      ...(this.#total + this.#later > 1 ? [`${clock(this.#left.seconds)} for all`] : []),
    ].join(", ");
    live.bar?.update(event.step, { facts });
    if (!live.bar && (performance.now() - live.spoken > 1000 * PLAIN_SECONDS || event.step === event.steps)) {
      live.spoken = performance.now();
      say(`[${this.#place(live)}] ${nameOf(run)}: step ${event.step}/${event.steps}, ${facts}`);
    }
  }

  finished(run: ResolvedRun, result: Result): void {
    const live = this.#runs.get(run.id);
    if (live?.bar) this.#bars!.remove(live.bar);
    this.#left.finished(run.id, result.status === "done" ? result.seconds.total : undefined);
    if (!live) return this.note(`${nameOf(run)}: done before (run ${run.id}).`);
    this.note(
      `${nameOf(run)}: ` +
        (result.status === "failed"
          ? `failed: ${result.error}`
          : `${metricsOf(result.metrics)}${result.diverged ? ", diverged" : ""}; ${
            clock(result.seconds.total)
          } (run ${run.id}).`),
    );
  }

  #place({ number }: Live): string {
    return `${number}/${this.#total + this.#later}`;
  }

  /** Says what was not said yet: each run has its own process, and they would repeat each other. */
  note(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    if (this.#bars?.isActive) this.#bars.log(message + "\n");
    else say(message);
  }

  end(): void {
    this.#bars?.stop();
  }
}

const nameOf = ({ spec: { task, label, seed } }: ResolvedRun) => `${task.name}, ${label}, seed ${seed}`;

const metricsOf = (metrics: { readonly [name: string]: number | null }) =>
  Object.entries(metrics).map(([name, value]) =>
    `${name} ${Number.isFinite(value) ? (100 * value!).toFixed(2) : "undefined"}`
  )
    .join(", ");

/** Seconds as `12 s`, `3:05` or `2:03:05`. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => index === 0 ? String(part) : String(part).padStart(2, "0")).join(":");
}
