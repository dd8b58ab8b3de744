import { defineExperiment, RequestError, zipped } from "@opf/framework";
import { mpo, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Overrides } from "../../../core/results/manifest.ts";
import { plainOf } from "../../../core/run/run_spec.ts";
import { expand, ExperimentGrid } from "../../../core/experiment/grid.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";

const experiment = defineExperiment({
  name: "e",
  models: ["a", "b"],
  tasks: ["rte", "mrpc"],
  seeds: [1, 2],
  training: { epochs: 2 },
  parameters: { tensors: 3, gauge: "left" },
  methods: ({ tensors }) => ({
    "fine-tuning": {},
    "OPF-MPO static": {
      decomposition: mpo({ tensors }),
      policy: staticTop({ n: 1, score: taylor() }),
      training: { epochs: 4 },
    },
  }),
});
const expanded = (changes: Parameters<typeof expand>[1]) => expand(experiment, changes, { tasks });
const refused = (run: () => unknown, said: string) =>
  assertStringIncludes(assertThrows(run, RequestError).message, said);

Deno.test("expand() makes every combination, a method's settings above the experiment's above the defaults", () => {
  const runs = expanded({});
  assertEquals(runs.length, 2 * 2 * 2 * 2);
  assertEquals(new Set(runs.map(({ model, task, label, seed }) => `${model} ${task.name} ${label} ${seed}`)).size, 16);
  const [plain, , opf] = runs;
  assertEquals(plain!.training, { ...TRAINING_DEFAULTS, epochs: 2 });
  assertEquals(opf!.training.epochs, 4);
});

Deno.test("expand() replaces lists and sets values for all methods", () => {
  const runs = expanded({
    tasks: ["cola"],
    models: ["c"],
    seeds: [7],
    methods: ["OPF-MPO static"],
    set: ["training.epochs=9", "parameters.tensors=5"],
  });
  assertEquals(runs.map(({ model, task, label, seed }) => [model, task.name, label, seed]), [[
    "c",
    "cola",
    "OPF-MPO static",
    7,
  ]]);
  assertEquals(runs[0]!.training.epochs, 9);
  assertEquals((runs[0]!.method.decomposition!.options as { tensors: number }).tensors, 5);
  assertEquals(runs[0]!.parameters, { tensors: 5, gauge: "left" });
});

Deno.test("expand() visits every point of a sweep, and says which in the label", () => {
  const swept = defineExperiment({
    ...experiment,
    sweep: { "parameters.tensors": [2, 4], "training.learningRate": [1e-5] },
  });
  const runs = expand(swept, { tasks: ["rte"], models: ["a"], seeds: [1], methods: ["OPF-MPO static"] }, { tasks });
  assertEquals(runs.map(({ label }) => label), [
    "OPF-MPO static (tensors 2, learningRate 1e-5)",
    "OPF-MPO static (tensors 4, learningRate 1e-5)",
  ]);
  assertEquals(runs.map(({ method }) => (method.decomposition!.options as { tensors: number }).tensors), [2, 4]);
});

Deno.test("expand() refuses what it does not know, with the nearest name", () => {
  refused(() => expanded({ tasks: ["rtee"] }), 'Unknown task "rtee". Did you mean "rte"?');
  refused(() => expanded({ methods: ["finetuning"] }), 'Did you mean "fine-tuning"?');
  refused(() => expanded({ set: ["training.epoch=1"] }), 'Did you mean "training.epochs"?');
  refused(() => expanded({ set: ["training.epochs"] }), "wanted path=value");
  refused(() => expanded({ set: ["training.epochs=many"] }), "epochs");
  refused(() => expanded({ set: ["parameters.tensors=two"] }), "wanted a number");
});

Deno.test("defineExperiment() names the path, the wanted and the found of a mistake", () => {
  const plain = { name: "e", models: ["a"], tasks: ["rte"], seeds: [1], methods: { "fine-tuning": {} } };
  const declared = (change: object) => () => defineExperiment({ ...plain, ...change });
  refused(declared({ seeds: [1, -1] }), "seeds.1");
  refused(declared({ models: [] }), "models");
  refused(declared({ training: { epoch: 3 } }), "epoch");
  refused(declared({ training: { batchSize: 0 } }), "training.batchSize");
  refused(declared({ trainings: {} }), "trainings");
  const made = (methods: object) => () => defineExperiment({ ...plain, methods: methods as never }).methods({});
  refused(made({}), "no methods");
  refused(made({ a: { decomposition: mpo() } }), "the policy is missing");
  refused(made({ a: { decompositoin: mpo() } }), 'found "decompositoin"');
  refused(
    made({ a: { decomposition: "mpo", policy: staticTop({ n: 1, score: taylor() }) } }),
    "wanted a decomposition",
  );
});

Deno.test("plainOf() is the experiment's own plain run, whatever the method says of factors or tuning chose", () => {
  const score = zeroing();
  const own = defineExperiment({
    ...experiment,
    training: { factorLearningRate: 7e-5, scoreExamples: 9 },
    methods: {
      "fine-tuning": {},
      "OPF-MPO static": {
        decomposition: mpo(),
        policy: staticTop({ n: 1, score }),
        training: { factorLearningRate: 1e-6 },
      },
    },
  });
  const expansion = new ExperimentGrid(own, { set: ["training.scoreExamples=5"] }, { tasks });
  const [plain, opf] = ["fine-tuning", "OPF-MPO static"].map((method) => ({
    model: 0,
    task: 0,
    point: 0,
    method,
    seed: 1,
  }));
  const values = {
    "training.factorLearningRate": 4e-6,
    "training.factorWeightDecay": 0.5,
    "training.learningRate": 3e-5,
  };
  const needed = plainOf(expansion.at({ ...opf!, values }));
  const same = { ...plain!, values: { "training.learningRate": 3e-5 } };
  assertEquals([needed.training, needed.method], [expansion.at(same).training, {}]);
  // Another process finds it again by its place.
  assertEquals(expansion.at(needed.place), needed);
});

Deno.test("a sweep over what only factors heed asks for one plain run", () => {
  const swept = defineExperiment({
    ...experiment,
    sweep: { "training.factorLearningRate": [1e-6, 1e-5], "training.learningRate": [1e-5] },
  });
  const rates = (method: string, changes: Overrides = {}) =>
    expand(swept, { ...changes, methods: [method], tasks: ["rte"], models: ["a"], seeds: [1] }, { tasks })
      .map(({ training }) => training.factorLearningRate);
  assertEquals(rates("OPF-MPO static"), [1e-6, 1e-5]);
  const [one, other] = rates("fine-tuning");
  assertEquals(one, other);
  assertEquals(
    plainOf(expand(swept, { methods: ["OPF-MPO static"] }, { tasks }).at(-1)!).training.factorLearningRate,
    one,
  );
});

Deno.test("defineExperiment() adds to the experiment that it extends", () => {
  const more = defineExperiment({
    extends: experiment,
    name: "more",
    seeds: [9],
    training: { batchSize: 4 },
    parameters: { n: 2 },
    methods: ({ n }) => ({ all: { decomposition: mpo(), policy: staticTop({ n: n as number, score: taylor() }) } }),
  });
  const runs = expand(more, { tasks: ["rte"], models: ["a"] }, { tasks });
  assertEquals(runs.map(({ label, seed }) => [label, seed]), [["fine-tuning", 9], ["OPF-MPO static", 9], ["all", 9]]);
  assertEquals(runs[0]!.training, { ...TRAINING_DEFAULTS, epochs: 2, batchSize: 4 });
  assertEquals(runs[0]!.parameters, { tensors: 3, gauge: "left", n: 2 });
});

Deno.test("expand() visits the points of a zipped sweep one by one", () => {
  const sweep = zipped({ "parameters.tensors": [2, 4], "training.learningRate": [1e-5, 2e-5] });
  const runs = expand({ ...experiment, sweep }, {
    tasks: ["rte"],
    models: ["a"],
    seeds: [1],
    methods: ["OPF-MPO static"],
  }, { tasks });
  assertEquals(runs.map(({ parameters: { tensors }, training: { learningRate } }) => [tensors, learningRate]), [
    [2, 1e-5],
    [4, 2e-5],
  ]);
  refused(() => zipped({ a: [1], b: [1, 2] }), "lists of one length, found 1, 2");
});

Deno.test("expand() finds mistakes in sweeps, tuning and the baseline before anything starts", () => {
  const changed = (change: object) => () => expand({ ...experiment, ...change }, {}, { tasks });
  refused(changed({ sweep: { "parameters.tensor": [2] } }), 'Did you mean "parameters.tensors"?');
  refused(changed({ sweep: { "training.epochs": [1, 0.5] } }), "epochs");
  refused(changed({ tune: { "training.learningrate": [1e-5] } }), 'Did you mean "training.learningRate"?');
  refused(changed({ tune: { "training.learningRate": [1e-5, -1] } }), 'tune["training.learningRate"]: learningRate');
  refused(changed({ baseline: "fine tuning" }), 'Did you mean "fine-tuning"?');
});

Deno.test("contrasts name the experiment's methods, two different ones, each pair once", () => {
  const pair = ["OPF-MPO static", "fine-tuning"] as const;
  const grid = (contrasts: unknown, changes: Overrides = {}) => () =>
    new ExperimentGrid({ ...experiment, contrasts } as typeof experiment, changes, { tasks });
  assertEquals(grid([pair])().contrasts, [pair]);
  assertEquals(grid(undefined)().contrasts, undefined);
  assertEquals(grid([pair], { methods: ["fine-tuning"] })().contrasts, []);
  refused(
    grid([["OPF-MPO sttic", "fine-tuning"]]),
    'Unknown method in contrasts "OPF-MPO sttic". Did you mean "OPF-MPO static"?',
  );
  refused(grid([["fine-tuning", "frozen"]]), 'Unknown method in contrasts "frozen"');
  refused(grid([["fine-tuning", "fine-tuning"]]), "expected two methods, got one twice");
  refused(grid([pair, pair]), "is listed twice");
  refused(grid([pair, pair.toReversed()]), "is listed twice");
  refused(
    () => defineExperiment({ ...experiment, contrasts: [["fine-tuning"]] as never }),
    "contrasts.0",
  );
});
