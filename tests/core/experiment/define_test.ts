import { defineExperiment, type Experiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import { assertEquals } from "@std/assert";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { experiment, refused, specs } from "./_declared.ts";

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
