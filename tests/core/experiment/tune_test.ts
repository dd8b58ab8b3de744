import { type Architecture, defineExperiment } from "@opf/framework";
import { dense, mpo, staticTop, taylor } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Overrides } from "../../../core/results/manifest.ts";
import { type RunCoordinates } from "../../../core/run/run_spec.ts";
import { ExperimentGrid } from "../../../core/experiment/grid.ts";
import type { ResolvedRun } from "../../../core/run/resolve.ts";
import type { Result } from "../../../core/results/result.ts";
import { Tuning } from "../../../core/experiment/tune.ts";

const policy = staticTop({ n: 1, score: taylor() });
const RATES = [1e-5, 1e-4, 1e-3], FACTOR_RATES = [2e-6, 2e-5];
const experiment = defineExperiment({
  name: "tuned",
  models: ["a"],
  tasks: ["rte", "mrpc"],
  seeds: [1, 2],
  methods: {
    "fine-tuning": {},
    "rate-matched": { decomposition: dense({ rate: 2 }), policy },
    "OPF-MPO static": { decomposition: mpo({ tensors: 3 }), policy },
  },
  tune: { "training.learningRate": RATES, "training.factorLearningRate": FACTOR_RATES },
});
const matrices = [{ shape: [8, 8] }] as unknown as Architecture["matrices"];

// Nothing is trained: a function of the run gives its result.
async function tuned(
  change: Partial<typeof experiment>,
  { ends, changes = {} }: { ends: (run: ResolvedRun) => Partial<Result>; changes?: Overrides },
) {
  const grid = new ExperimentGrid({ ...experiment, ...change }, changes, { tasks });
  const resolve = (coordinates: RunCoordinates) => {
    const spec = grid.specAt(coordinates);
    const { task, training, method, seed } = spec;
    const { decomposition } = method;
    const id = JSON.stringify([task.name, training, decomposition?.name, decomposition?.options, seed]);
    return Promise.resolve({ id, spec, model: "a", architecture: { matrices } } as unknown as ResolvedRun);
  };
  const done: ResolvedRun[][] = [];
  const later: number[] = [];
  const run = (runs: readonly ResolvedRun[], after: readonly ResolvedRun[]) => {
    done.push([...runs]);
    later.push(after.length);
    const result = (run: ResolvedRun) =>
      ({ status: "done", primary: run.spec.task.primary, metrics: {}, ...ends(run) }) as Result;
    return Promise.resolve(new Map(runs.map((run) => [run.id, result(run)])));
  };
  const tuning = await Tuning.of({ grid, resolve });
  assertEquals(await tuning.run(run), true);
  return { tuning, done, later, final: tuning.coordinates.map((coordinates) => grid.specAt(coordinates)) };
}

// Best at a middle rate, better with the first factor rate; seeds differ, and their mean is 0.
const smooth = ({ spec: { task, training: { learningRate, factorLearningRate }, seed } }: ResolvedRun) => ({
  metrics: {
    [task.primary]: 0.5 - Math.abs(Math.log10(learningRate) + 4) / 10 - factorLearningRate + (seed - 102) / 5,
  },
});

Deno.test("Tuning chooses for each method and task on held-out training examples, by the mean of seeds of its own", async () => {
  const { tuning, done: [runs, ...more], later, final } = await tuned({}, { ends: smooth });
  assertEquals(more, []);
  assertEquals(new Set(runs!.map(({ spec }) => spec.training.split)), new Set(["held-out"]));
  assertEquals(new Set(runs!.map(({ spec }) => spec.seed)), new Set([101, 102, 103]));
  // Factors' rates are tried only where there are factors that train at them.
  const perTask = 3 * RATES.length * (1 + 1 + FACTOR_RATES.length);
  assertEquals(runs!.length, 2 * perTask);
  assertEquals([final.length, ...later], [2 * 3 * 2, 2 * 3 * 2]);
  for (const { training, base } of final) {
    assertEquals([training.split, training.learningRate], ["dev", 1e-4]);
    assertEquals(training.factorLearningRate, base === "OPF-MPO static" ? 2e-6 : 2e-5);
  }
  const opf = tuning.tuned.find(({ task, method }) => task === "rte" && method === "OPF-MPO static")!;
  assertEquals(opf.chosen, { "training.learningRate": 1e-4, "training.factorLearningRate": 2e-6 });
  assertEquals(opf.atEdge, ["training.factorLearningRate"]);
  assertEquals(opf.tried.length, RATES.length * FACTOR_RATES.length);
  assertAlmostEquals(opf.tried[0]!.mean, 0.5 - 0.1 - 2e-6);
});

Deno.test("Tuning one after the other tries the second setting at the first that was chosen", async () => {
  const { tuning, done, later } = await tuned({ search: "sequential", tuningSeeds: [7] }, {
    ends: smooth,
    changes: { methods: ["OPF-MPO static"], tasks: ["rte"] },
  });
  const rates = done.map((runs) =>
    runs.map(({ spec: { seed, training } }) => [seed, training.learningRate, training.factorLearningRate])
  );
  assertEquals(rates, [RATES.map((rate) => [7, rate, 2e-5]), FACTOR_RATES.map((rate) => [7, 1e-4, rate])]);
  assertEquals(later, [FACTOR_RATES.length + 2, 2], "the second stage and two seeds, then the seeds");
  assertEquals(tuning.tuned[0]!.chosen["training.factorLearningRate"], 2e-6);
});

Deno.test("Tuning counts a run that failed as nothing, and leaves alone what the command line sets", async () => {
  const { tuning, final } = await tuned({}, {
    ends: (run) => run.spec.training.learningRate === 1e-4 ? { status: "failed" } : smooth(run),
    changes: { tasks: ["rte"], set: ["training.factorLearningRate=3e-6"] },
  });
  for (const { chosen, atEdge } of tuning.tuned) {
    assertEquals(chosen, { "training.learningRate": 1e-5 });
    assertEquals(atEdge, ["training.learningRate"]);
  }
  assertEquals(new Set(final.map(({ training }) => training.factorLearningRate)), new Set([3e-6]));
});

Deno.test("a matched control is tuned after its method, and matched to the factor learning rate chosen for that task", async () => {
  const methods = {
    "fine-tuning": {},
    "OPF-MPO static": { decomposition: mpo({ tensors: 3 }), policy },
    "OPF-SVD": { decomposition: mpo({ tensors: 2 }), policy },
    "rate-matched": { decomposition: dense({ rate: { matched: mpo({ tensors: 3 }) } }), policy },
  };
  // The best factor learning rate differs between tasks and between decompositions.
  const ends = ({ spec: { task, method, training: { factorLearningRate } } }: ResolvedRun) => {
    const prefersLow =
      (task.name === "rte") === (JSON.stringify(method.decomposition?.options ?? {}).includes('"tensors":3'));
    return { metrics: { [task.primary]: prefersLow ? -factorLearningRate : factorLearningRate } };
  };
  for (const search of ["grid", "sequential"] as const) {
    const { done, final } = await tuned({ methods: () => methods, search }, { ends });
    const rates = (task: string, method: string) =>
      new Set(
        final.filter((run) => run.task.name === task && run.base === method).map((run) =>
          run.training.factorLearningRate
        ),
      );
    for (const [task, rate] of [["rte", 2e-6], ["mrpc", 2e-5]] as const) {
      assertEquals([...rates(task, "OPF-MPO static")], [rate], search);
      assertEquals([...rates(task, "rate-matched")], [rate], search);
      const trials = done.flat().filter(({ spec }) => spec.task.name === task && spec.base === "rate-matched");
      assertEquals(new Set(trials.map(({ spec }) => spec.training.factorLearningRate)), new Set([rate]), search);
      assertEquals(trials.length, 3 * RATES.length);
    }
  }
});

Deno.test("a parameter is tuned only for the methods that it changes", async () => {
  const { done, final } = await tuned({
    parameters: { multiplier: 1 },
    methods: ({ multiplier }) => ({
      "fine-tuning": {},
      "OPF-MPO static": { decomposition: mpo({ tensors: 3 }), policy },
      "dense": { decomposition: dense({ rate: multiplier as number }), policy },
    }),
    tune: { "parameters.multiplier": [1, 3, 10] },
  }, {
    ends: ({ spec: { task, method } }) => ({
      metrics: { [task.primary]: (method.decomposition!.options as { rate: number }).rate === 3 ? 1 : 0 },
    }),
  });
  assertEquals(new Set(done.flat().map(({ spec }) => spec.base)), new Set(["dense"]));
  const chosen = final.filter(({ base }) => base === "dense").map(({ method }) => method.decomposition!.options);
  assertEquals(chosen, Array(4).fill({ rate: 3 }));
});
