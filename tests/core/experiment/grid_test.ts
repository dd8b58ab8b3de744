import { defineExperiment, type Experiment, RequestError, zipped } from "@opf/framework";
import { bert, mpo, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Overrides } from "../../../core/results/manifest.ts";
import { plainOf } from "../../../core/run/run_spec.ts";
import { ExperimentGrid } from "../../../core/experiment/grid.ts";
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
/** The specs of every run. */
function specs(experiment: Experiment, changes: Overrides = {}) {
  const grid = new ExperimentGrid(experiment, changes, { tasks });
  return grid.coordinates.map((coordinates) => grid.specAt(coordinates));
}

const changed = (changes: Overrides) => specs(experiment, changes);
const refused = (run: () => unknown, message: string) =>
  assertStringIncludes(assertThrows(run, RequestError).message, message);

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

Deno.test("defineExperiment() names the path of a mistake, what it expected and what it got", () => {
  const plain = { name: "e", models: ["a"], tasks: ["rte"], seeds: [1], methods: { "fine-tuning": {} } };
  const declared = (change: object) => () => defineExperiment({ ...plain, ...change });
  refused(declared({ seeds: [1, -1] }), "seeds.1");
  refused(declared({ models: [] }), "models");
  refused(declared({ training: { epoch: 3 } }), "epoch");
  refused(declared({ training: { batchSize: 0 } }), "training.batchSize");
  refused(declared({ trainings: {} }), "trainings");
  const made = (methods: object) => () => defineExperiment({ ...plain, methods: methods as never }).methods({});
  refused(made({}), "expected methods, got none");
  refused(made({ a: { decomposition: mpo() } }), "the policy is missing");
  refused(made({ a: { decompositoin: mpo() } }), 'Did you mean "decomposition"?');
  refused(
    made({ a: { decomposition: "mpo", policy: staticTop({ n: 1, score: taylor() }) } }),
    "expected a decomposition",
  );
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

Deno.test("defineExperiment() adds to the experiment that it extends", () => {
  const more = defineExperiment({
    extends: experiment,
    name: "more",
    seeds: [9],
    training: { batchSize: 4 },
    parameters: { n: 2 },
    methods: ({ n }) => ({ all: { decomposition: mpo(), policy: staticTop({ n: n as number, score: taylor() }) } }),
  });
  const runs = specs(more, { tasks: ["rte"], models: ["a"] });
  assertEquals(runs.map(({ label, seed }) => [label, seed]), [["fine-tuning", 9], ["OPF-MPO static", 9], ["all", 9]]);
  assertEquals(runs[0]!.training, { ...TRAINING_DEFAULTS, epochs: 2, batchSize: 4 });
  assertEquals(runs[0]!.parameters, { tensors: 3, gauge: "left", n: 2 });
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

Deno.test("defineExperiment() refuses names that lead out of a folder, hide a file or split a line", () => {
  const named = (name: unknown) => () => defineExperiment({ ...experiment, name } as typeof experiment);
  for (const name of ["..", ".", "a/..", "../a", "/a", "a/", "a//b", ".a", "a/.b", "-a", "", " ", "a b", "a\\b", 5]) {
    refused(named(name), "name: ");
  }
  refused(named(Symbol("a")), "name: ");
  refused(named("a".repeat(101)), "name: ");
  for (const name of ["a", "ablations/size", "a-b_c.d", "_a", "2026"]) assertEquals(named(name)().name, name);
  const method = (name: string) => () => specs({ ...experiment, methods: () => ({ [name]: {} }) } as Experiment);
  for (const name of ["", "  "]) refused(() => defineWith(name), "expected a name");
  for (const name of ["a\nb", "a\u0000", "\u001b[2J", "\ud800"]) refused(() => defineWith(name), "expected a name");
  assertEquals(method("eq. 7, |Σ g·w|")()[0]!.label, "eq. 7, |Σ g·w|");
});

const defineWith = (method: string) => defineExperiment({ ...experiment, methods: { [method]: {} } }).methods({});

Deno.test("defineExperiment() names what is wrong with declarations of any shape", () => {
  const minimal = { name: "e", models: ["a"], tasks: ["rte"], seeds: [1], methods: {} };
  const define = (change: object) => () => defineExperiment({ ...minimal, ...change });
  let deep: unknown = 1;
  for (let depth = 0; depth < 20000; depth++) deep = [deep];
  refused(define({ parameters: { deep } }), "nested too deeply");
  refused(define({ seeds: [2 ** 53] }), "seeds.0");
  refused(define({ seeds: [0.5] }), "seeds.0");
  refused(define({ extends: {} }), "extends");
  refused(() => defineExperiment(null as never), "expected an object, got null");
  for (const method of [null, 5, [], "mpo"]) {
    refused(() => define({ methods: { a: method } })().methods({}), 'methods["a"]: expected an object');
    refused(() => define({ methods: () => ({ a: method }) })().methods({}), 'methods["a"]: expected an object');
  }
  refused(() => define({ methods: [] })().methods({}), "methods: expected a plain object");
  const literal = { __proto__: { training: {} } };
  refused(() => define({ methods: literal })().methods({}), "methods: expected a plain object");
});
