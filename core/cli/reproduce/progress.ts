/**
 * Progress of runs: a live line per run on a terminal, plain lines elsewhere.
 *
 * @module
 */
import { MultiBar, type SingleBar } from "cli-progress";
import type { RunListener } from "../../execution/run_all.ts";
import { counted } from "../../report/numbers.ts";
import type { Result } from "../../results/result.ts";
import type { ResolvedRun } from "../../run/resolve.ts";
import type { TrainingEvent } from "../../training/fine_tune_request.ts";
import { duration, millions, whole } from "../format.ts";
import { printError } from "../output.ts";
import { estimate } from "./estimate.ts";
import { TimeLeft } from "./time_left.ts";

const PLAIN_SECONDS = 30;

interface RunState {
  readonly number: number;
  bar?: SingleBar;
  /** When its first step ended. */
  startTime?: number;
  /** Since the first step. */
  examples: number;
  /** Since the first step. */
  steps: number;
  printTime: number;
}

/** Shows a user how the runs go; `end` removes the live lines. */
export class Progress implements RunListener {
  readonly #bars: MultiBar | undefined;
  readonly #runs = new Map<string, RunState>();
  readonly #notes = new Set<string>();
  readonly #models = new Set<string>();
  readonly #timeLeft: TimeLeft;
  #expected = 0;
  #expectedLater = 0;

  constructor(isTerminal: boolean, { jobs }: { readonly jobs: number }) {
    this.#timeLeft = new TimeLeft(jobs);
    this.#bars = isTerminal
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
    this.#expected += runs.length;
    for (const run of runs) {
      this.#models.add(run.model);
      this.#timeLeft.expect(run.id, estimate(run).estimate.seconds);
    }
  }

  expectLater(runs: readonly ResolvedRun[]): void {
    const distinct = new Map(runs.map((run) => [run.id, run]));
    this.#expectedLater = distinct.size;
    this.#timeLeft.later = [...distinct.values()].reduce((sum, run) => sum + estimate(run).estimate.seconds, 0);
  }

  started(run: ResolvedRun): void {
    if (this.#runs.has(run.id)) return; // it was deferred, since another process was doing it
    const state: RunState = { number: this.#runs.size + 1, examples: 0, steps: 0, printTime: performance.now() };
    this.#runs.set(run.id, state);
    if (this.#bars) state.bar = this.#bars.create(run.steps, 0, { name: this.#name(run), facts: "preparing" });
    else printError(`[${this.#position(state)}] ${this.#name(run)}: ${run.steps} steps`);
  }

  event(run: ResolvedRun, event: TrainingEvent): void {
    if (event.type === "evaluation") {
      this.note(`${this.#name(run)}: epoch ${event.epoch}, ${metricsOf(event.metrics)}`);
    } else if (event.type === "ranking") {
      const best = event.ranking.slice(0, 3).map(([name, value]) => `${name} (${value.toPrecision(3)})`);
      this.note(`${this.#name(run)}: before step ${event.step + 1}, ${event.score} ranks first ${best.join(", ")}`);
    } else if (event.type === "converted") {
      const size = event.matrices.reduce((sum, matrix) => sum + matrix.size, 0);
      const matrices = counted(event.matrices.length, "matrix", "matrices");
      this.note(`${this.#name(run)}: ${matrices} became ${millions(size)} parameters before step ${event.step + 1}`);
    } else if (event.type === "resumed") {
      this.note(`${this.#name(run)}: resumed after step ${event.step}`);
    } else if (event.type === "scoring") {
      const facts = `scoring matrices, ${whole(event.examples)} examples so far`;
      this.#show(run, { step: event.step, facts });
    } else if (event.type === "step") {
      this.#step(run, event);
    }
  }

  #step(run: ResolvedRun, event: TrainingEvent & { readonly type: "step" }): void {
    const state = this.#runs.get(run.id)!;
    const isFirst = state.startTime === undefined, now = performance.now();
    state.startTime ??= now; // the first step compiles, and says nothing of the others
    state.examples += isFirst ? 0 : event.examples;
    state.steps += isFirst ? 0 : 1;
    const seconds = isFirst ? event.seconds : (now - state.startTime) / 1000;
    const left = seconds / (state.steps || 1) * (event.steps - event.step);
    if (!isFirst) this.#timeLeft.running(run.id, { seconds, left });
    const facts = [
      `loss ${event.loss.toFixed(4)}`,
      `learning rate ${(event.rate * run.spec.training.learningRate).toExponential(1)}`,
      `${((isFirst ? event.examples : state.examples) / seconds).toFixed(1)} examples/s`,
      `${(event.residentBytes / 1e9).toFixed(1)} GB`,
      ...isFirst ? [] : [`${duration(left)} left`],
      ...(this.#expected + this.#expectedLater > 1 ? [`${duration(this.#timeLeft.seconds)} for all runs`] : []),
    ].join(", ");
    this.#show(run, { step: event.step, facts, always: event.step === event.steps });
  }

  // On a terminal at once, elsewhere every half minute.
  #show(run: ResolvedRun, { step, facts, always = false }: { step: number; facts: string; always?: boolean }): void {
    const state = this.#runs.get(run.id)!;
    state.bar?.update(step, { facts });
    if (state.bar || !always && performance.now() - state.printTime <= 1000 * PLAIN_SECONDS) return;
    state.printTime = performance.now();
    printError(`[${this.#position(state)}] ${this.#name(run)}: step ${step}/${run.steps}, ${facts}`);
  }

  finished(run: ResolvedRun, result: Result): void {
    const state = this.#runs.get(run.id);
    if (state?.bar) this.#bars!.remove(state.bar);
    this.#timeLeft.finished(run.id, result.status === "done" ? result.seconds.total : undefined);
    this.note(`${this.#name(run)}: ${state ? outcomeOf(result) : `done before (run ${run.id})`}`);
  }

  // With the model if there are several.
  #name({ model, spec: { task, label, seed } }: ResolvedRun): string {
    return `${this.#models.size > 1 ? `${model}, ` : ""}${task.name}, ${label}, seed ${seed}`;
  }

  #position({ number }: RunState): string {
    return `${number}/${this.#expected + this.#expectedLater}`;
  }

  /** Prints a message once: workers repeat those of other workers. */
  note(message: string): void {
    if (this.#notes.has(message)) return;
    this.#notes.add(message);
    if (this.#bars?.isActive) this.#bars.log(message + "\n");
    else printError(message);
  }

  end(): void {
    this.#bars?.stop();
  }
}

const metricsOf = (metrics: { readonly [name: string]: number | null }) =>
  Object.entries(metrics).map(([name, value]) =>
    `${name} ${Number.isFinite(value) ? (100 * value!).toFixed(2) : "undefined"}`
  ).join(", ");

function outcomeOf({ id, status, error, metrics, diverged, seconds }: Result): string {
  if (status === "failed") return `failed: ${error}`;
  return `${metricsOf(metrics)}${diverged ? ", diverged" : ""}; ${duration(seconds.total)} (run ${id})`;
}
