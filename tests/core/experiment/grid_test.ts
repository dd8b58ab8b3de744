import { defineExperiment, type Experiment, zipped } from "@opf/framework";
import { bert, mpo, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertEquals } from "@std/assert";
import { ExperimentGrid } from "../../../core/experiment/grid.ts";
import type { Overrides } from "../../../core/results/manifest.ts";
import { plainOf } from "../../../core/run/run_spec.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { experiment, refused, specs } from "./_declared.ts";

const changed = (changes: Overrides) => specs(experiment, changes);

Deno.test("a grid has every combination, a method's settings before the experiment's before the defaults", () => {
  const runs = changed({});
  assertEquals(runs.length, 2 * 2 * 2 * 2);
  assertEquals(new Set(runs.map(({ model, task, label, seed }) => `${model} ${task.name} ${label} ${seed}`)).size, 16);
  const [plain, , opf] = runs;
  assertEquals(plain!.training, { ...TRAINING_DEFAULTS, epochs: 2 });
  assertEquals(opf!.training.epochs, 4);
});

Deno.test("overrides replace lists and set values for all methods", () => {
  const runs = changed({
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

Deno.test("a sweep gives every point, named in the label", () => {
  const swept = defineExperiment({
    ...experiment,
    sweep: { "parameters.tensors": [2, 4], "training.learningRate": [1e-5] },
  });
  const runs = specs(swept, { tasks: ["rte"], models: ["a"], seeds: [1], methods: ["OPF-MPO static"] });
  assertEquals(runs.map(({ label }) => label), [
    "OPF-MPO static (tensors 2, learningRate 1e-5)",
    "OPF-MPO static (tensors 4, learningRate 1e-5)",
  ]);
  assertEquals(runs.map(({ method }) => (method.decomposition!.options as { tensors: number }).tensors), [2, 4]);
});

Deno.test("overrides with an unknown name are refused with the nearest one", () => {
  refused(() => changed({ tasks: ["rtee"] }), 'Unknown task "rtee". Did you mean "rte"?');
  refused(() => changed({ methods: ["finetuning"] }), 'Did you mean "fine-tuning"?');
  refused(() => changed({ set: ["training.epoch=1"] }), 'Did you mean "training.epochs"?');
  refused(
    () => changed({ set: ["training.learningRate=high"] }),
    '--set training: learningRate: expected number, got "high".',
  );
  refused(() => changed({ set: ["training.epochs"] }), "expected path=value");
  refused(() => changed({ set: ["training.epochs=many"] }), "epochs");
  refused(() => changed({ set: ["parameters.tensors=two"] }), "expected a number");
});

Deno.test("plainOf() is the experiment's own plain run, whatever the method sets for factors or tuning chose", () => {
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
  const grid = new ExperimentGrid(own, { set: ["training.scoreExamples=5"] }, { tasks });
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
  const needed = plainOf(grid.specAt({ ...opf!, values }));
  const same = { ...plain!, values: { "training.learningRate": 3e-5 } };
  assertEquals([needed.training, needed.method], [grid.specAt(same).training, {}]);
  // Another process finds it again by its coordinates.
  assertEquals(grid.specAt(needed.place), needed);
});

Deno.test("a sweep over settings of factors has one plain run", () => {
  const swept = defineExperiment({
    ...experiment,
    sweep: { "training.factorLearningRate": [1e-6, 1e-5], "training.learningRate": [1e-5] },
  });
  const rates = (method: string, changes: Overrides = {}) =>
    specs(swept, { ...changes, methods: [method], tasks: ["rte"], models: ["a"], seeds: [1] })
      .map(({ training }) => training.factorLearningRate);
  assertEquals(rates("OPF-MPO static"), [1e-6, 1e-5]);
  const [one, other] = rates("fine-tuning");
  assertEquals(one, other);
  assertEquals(
    plainOf(specs(swept, { methods: ["OPF-MPO static"] }).at(-1)!).training.factorLearningRate,
    one,
  );
});

Deno.test("a zipped sweep gives its points one by one", () => {
  const sweep = zipped({ "parameters.tensors": [2, 4], "training.learningRate": [1e-5, 2e-5] });
  const runs = specs({ ...experiment, sweep }, {
    tasks: ["rte"],
    models: ["a"],
    seeds: [1],
    methods: ["OPF-MPO static"],
  });
  assertEquals(runs.map(({ parameters: { tensors }, training: { learningRate } }) => [tensors, learningRate]), [
    [2, 1e-5],
    [4, 2e-5],
  ]);
  refused(() => zipped({ a: [1], b: [1, 2] }), "lists of equal length, got lengths 1, 2");
});

Deno.test("mistakes in sweeps, tuning and the baseline are found before anything starts", () => {
  const declared = (change: object) => () => specs({ ...experiment, ...change });
  refused(declared({ sweep: { "parameters.tensor": [2] } }), 'Did you mean "parameters.tensors"?');
  refused(declared({ sweep: { "training.epochs": [1, 0.5] } }), "epochs");
  refused(declared({ tune: { "training.learningrate": [1e-5] } }), 'Did you mean "training.learningRate"?');
  refused(declared({ tune: { "training.learningRate": [1e-5, -1] } }), 'tune["training.learningRate"]: learningRate');
  refused(declared({ baseline: "fine tuning" }), 'Did you mean "fine-tuning"?');
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
  refused(grid([["fine-tuning", "fine-tuning"]]), 'expected two different methods, got "fine-tuning" twice');
  refused(grid([pair, pair]), "is listed twice");
  refused(grid([pair, pair.toReversed()]), "is listed twice");
  refused(
    () => defineExperiment({ ...experiment, contrasts: [["fine-tuning"]] as never }),
    "contrasts.0",
  );
});

Deno.test("contrasts across models name the experiment's methods, also one of them twice", () => {
  const pair = ["OPF-MPO static", "fine-tuning"] as const;
  const grid = (modelContrasts: unknown, changes: Overrides = {}) => () =>
    new ExperimentGrid({ ...experiment, modelContrasts } as typeof experiment, changes, { tasks });
  const both = [pair, ["fine-tuning", "fine-tuning"] as const];
  assertEquals(grid(both)().modelContrasts, both);
  assertEquals(grid(both, { methods: ["fine-tuning"] })().modelContrasts, both.slice(1));
  assertEquals(grid(undefined)().modelContrasts, undefined);
  refused(grid([["fine-tuning", "frozen"]]), 'Unknown method in modelContrasts "frozen"');
  refused(grid([pair, pair]), "is listed twice");
});

Deno.test("lists that are sets hold nothing twice, in declarations and on the command line", () => {
  const policy = staticTop({ n: 1, score: taylor() });
  const declarations: [change: object, message: string][] = [
    [{ seeds: [1, 2, 1] }, "seeds: 1 is listed twice"],
    [{ tasks: ["rte", "mrpc", "rte"] }, 'tasks: "rte" is listed twice'],
    [{ tasks: ["rte", { ...tasks.rte, options: {} }] }, 'tasks: "rte" is listed twice'],
    [{ models: ["/m/a", "/m//a/"] }, 'models: "/m//a/" is listed twice'],
    [{ models: [bert({ source: "a" }), bert({ source: "a/" })] }, 'models: "a/" is listed twice'],
    [{ tuningSeeds: [101, 101] }, "tuningSeeds: 101 is listed twice"],
    [{ tune: { "training.learningRate": [1e-4, 0.0001] } }, "is listed twice"],
    [{ sweep: { "parameters.tensors": [2, 3, 2] } }, 'sweep["parameters.tensors"]: 2 is listed twice'],
    [
      { sweep: [{ "parameters.tensors": 2, "training.epochs": 1 }, { "training.epochs": 1, "parameters.tensors": 2 }] },
      "sweep:",
    ],
    [
      {
        sweep: [{}, { "parameters.tensors": 2 }],
        methods: () => ({ a: {}, "a (tensors 2)": {}, b: { decomposition: mpo(), policy } }),
      },
      "is listed twice",
    ],
  ];
  for (const [change, message] of declarations) {
    refused(() => specs({ ...experiment, ...change } as Experiment), message);
  }
  const overrides: [Overrides, string][] = [
    [{ seeds: [1, 1] }, "seeds: 1 is listed twice"],
    [{ tasks: ["sst2", "sst2"] }, 'tasks: "sst2" is listed twice'],
    [{ models: ["a/", "a"] }, 'models: "a" is listed twice'],
    [{ methods: ["fine-tuning", "fine-tuning"] }, '--methods: "fine-tuning" is listed twice'],
    [{ set: ["training.epochs=1", "training.epochs=2"] }, '--set: "training.epochs" is listed twice'],
  ];
  for (const [changes, message] of overrides) refused(() => changed(changes), message);
  // Of one source, but not of one kind.
  const models = [bert({ source: "a" }), bert({ source: "a", layers: 3 }), "b"];
  assertEquals(specs({ ...experiment, models }, { tasks: ["rte"], seeds: [1] }).length, 6);
});

Deno.test("methods and parameters may be named like members of every object", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "__proto__", "valueOf", "a\u2028b", "<img>"];
  const parameters = JSON.parse('{"__proto__": 1, "constructor": 2}');
  const seen: unknown[] = [];
  const odd = defineExperiment({
    ...experiment,
    parameters,
    methods: (parameters) => {
      seen.push(Object.entries(parameters));
      return Object.fromEntries(names.map((name) => [name, { training: { epochs: 1 + names.indexOf(name) } }]));
    },
  });
  const runs = specs(odd, { tasks: ["rte"], models: ["a"], seeds: [1], set: ["parameters.__proto__=7"] });
  assertEquals(runs.map(({ label, training }) => [label, training.epochs]), names.map((name, at) => [name, 1 + at]));
  assertEquals(seen.at(-1), [["__proto__", 7], ["constructor", 2]]);
  const [only] = specs(odd, { methods: ["constructor"], tasks: ["rte"], models: ["a"], seeds: [1] });
  assertEquals(only!.label, "constructor");
  refused(() => specs(experiment, { methods: ["constructor"] }), 'Unknown method "constructor"');
});
