// Together: the plugins that an experiment names, by their options.
import { RequestError } from "@opf/framework";
import * as plugins from "@opf/framework/plugins";
import { assertEquals, assertThrows } from "@std/assert";

const { dense, dynamicTop, frozen, loraOver, mpo, staticTop, svd, taylor } = plugins;
const score = taylor();

/** A call that each function accepts; without type checks, since experiment files run without. */
// deno-lint-ignore no-explicit-any
const CALLS: { readonly [name: string]: any } = {
  bart: { source: "a" },
  bert: { source: "a" },
  dense: { rate: 1 },
  dynamicTop: { n: 1, score },
  fisher: {},
  frozen: {},
  kronecker: {},
  lora: {},
  loraOver: {},
  mpnet: { source: "a" },
  mpo: {},
  random: { n: 1 },
  staticTop: { n: 1, score },
  svd: {},
  t5: { source: "a" },
  taylor: {},
  tucker: {},
};

Deno.test("plugins refuse an option that they do not have, and take those that they have", () => {
  for (const [name, options] of Object.entries(CALLS)) {
    const plugin = plugins[name as keyof typeof plugins] as (options: unknown) => { name: string };
    assertEquals(typeof plugin(options).name, "string");
    assertThrows(
      () => plugin({ ...options, tensor: 5 }),
      RequestError,
      `${name}({ tensor }): there is no such option.`,
    );
  }
});

Deno.test("each exported function has options that are checked above, or none", () => {
  const functions = Object.entries(plugins).filter(([, value]) => typeof value === "function").map(([name]) => name);
  assertEquals(functions.filter((name) => !(name in CALLS)).toSorted(), [
    "all",
    "bertStates",
    "folder", // sources and launchers are no part of an experiment
    "hub",
    "local",
    "magnitude",
    "named",
    "pypi",
    "randomScore",
    "slurm",
    "tensorsForScale",
    "untrained",
    "zeroing",
  ]);
});

Deno.test("plugins refuse a value that an option does not have", () => {
  // deno-lint-ignore no-explicit-any
  const wrong = (value: unknown) => value as any;
  const calls: readonly [() => unknown, string][] = [
    [() => mpo({ layout: wrong("end") }), 'mpo({ layout }): "end". Did you mean "ends"?'],
    [() => mpo({ gauge: wrong("right") }), 'mpo({ gauge }): "right".'],
    [() => svd({ layout: wrong("papr") }), 'svd({ layout }): "papr". Did you mean "paper"?'],
    [() => loraOver({ layout: wrong("end") }), 'layout }): "end".'],
    [() => taylor({ reduce: wrong("sumabs") }), 'taylor({ reduce }): "sumabs". Did you mean "sum-abs"?'],
    [() => taylor({ gradients: wrong("train") }), 'taylor({ gradients }): "train".'],
    [() => taylor({ gradients: "training", accumulate: wrong("sign") }), 'taylor({ accumulate }): "sign".'],
    [() => dynamicTop({ n: 1, score, firstRound: wrong("befor") }), 'Did you mean "before"?'],
    [() => staticTop({ n: 1, score, by: wrong("kinds") }), 'by: "kinds". Did you mean "kind"?'],
    [() => staticTop({ n: 1, score: wrong(taylor) }), "such as taylor(), got [Function: taylor]."],
    [() => dynamicTop({ n: 1, score: wrong(undefined) }), "such as taylor(), got undefined."],
    [() => frozen({ of: wrong(mpo) }), "frozen({ of }): expected a decomposition such as mpo(), got [Function: mpo]."],
    [() => dense({ rate: { matched: wrong(svd) } }), "such as mpo(), got [Function: svd]."],
  ];
  for (const [call, message] of calls) assertThrows(call, RequestError, message);
});
