import {
  type Architecture,
  collateText,
  type Decomposition,
  RandomKey,
  RequestError,
  tf,
  Weights,
} from "@opf/framework";
import { mpo } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { gap, matrix } from "../../_tensors.ts";

const NAMES = ["a.weight", "b.weight"];
const architecture: Architecture = {
  config: {},
  parameters: [...NAMES.map((name) => ({ name, shape: [6, 4] })), { name: "a.bias", shape: [6], noWeightDecay: true }],
  matrices: NAMES.map((name, layer) => ({ name, kind: "ffn", module: "dense", layer, shape: [6, 4] as const })),
  maxLength: 1,
  initializerRange: 0.02,
  canonicalName: (name) => name,
  collate: collateText,
  losses: () => tf.zeros([1]),
  outputs: () => tf.zeros([1, 1]),
};
const make = (first = matrix(6, 4)) =>
  new Weights(
    architecture,
    new Map<string, tf.Tensor>([["a.weight", first], ["b.weight", matrix(6, 4, 2)], ["a.bias", tf.zeros([6])]]),
  );
const key = RandomKey.of(1);
const threeTensors = { decomposition: mpo({ tensors: 3 }), key };

Deno.test("Weights puts factors in a matrix's place and the matrix back in theirs", () => {
  const before = tf.memory().numTensors;
  const weights = make();
  const { error, size } = weights.factorize("a.weight", threeTensors);
  assertLess(error, 1e-5);
  assertEquals(weights.factorized, ["a.weight"]);
  assertEquals(weights.slots.map(({ parameter, factor }) => [parameter.name, factor]), [
    ["a.weight", 0],
    ["a.weight", 1],
    ["a.weight", 2],
    ["b.weight", undefined],
    ["a.bias", undefined],
  ]);
  assertEquals(weights.size, size + 24 + 6);
  tf.tidy(() => assertLess(gap(weights.mergedValue("a.weight"), matrix(6, 4)), 1e-5));
  weights.merge();
  const values = weights.values.map((value) => value.dataSync());
  weights.merge(); // once more changes nothing
  assertEquals(weights.values.map((value) => value.dataSync()), values);
  assertEquals([weights.factorized, weights.size], [[], 54]);
  tf.tidy(() => assertLess(gap(weights.values[0]!, matrix(6, 4)), 1e-5));
  weights.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("Weights.reader() reconstructs a matrix once, however often it is read, and in no other case", () => {
  let times = 0;
  const counted: Decomposition = {
    ...threeTensors.decomposition,
    plan: (shape) => {
      const plan = threeTensors.decomposition.plan(shape);
      return { ...plan, reconstruct: (factors) => (times++, plan.reconstruct(factors)) };
    },
  };
  const weights = make();
  weights.factorize("a.weight", { decomposition: counted, key });
  times = 0;
  tf.tidy(() => {
    const read = weights.reader(weights.values);
    assertEquals(times, 0);
    assertEquals(read("a.weight"), read("a.weight"));
    read("b.weight");
    assertEquals(times, 1);
    assertStringIncludes(assertThrows(() => read("a.wieght"), RequestError).message, 'Did you mean "a.weight"?');
  });
  weights.dispose();
});

Deno.test("Weights.factorize() refuses and leaves everything as it was", () => {
  const plan = (change: object): Decomposition => ({
    ...threeTensors.decomposition,
    plan: (shape) => ({ ...threeTensors.decomposition.plan(shape), ...change }),
  });
  const infinite = matrix(6, 4).arraySync();
  infinite[2]![1] = NaN;
  const cases: [Weights, string, Decomposition, string][] = [
    [make(tf.tensor2d(infinite)), "a.weight", mpo(), "not finite"],
    [make(), "a.wieght", mpo(), 'Did you mean "a.weight"?'],
    [make(), "a.bias", mpo(), "Unknown matrix"],
    [make(), "a.weight", plan({ factorShapes: [[1, 2]] }), "wanted factors [[1,2]]"],
    [make(), "a.weight", plan({ reconstruct: () => tf.zeros([6, 4]) }), "relative error"],
    [make(), "a.weight", plan({ reconstruct: () => tf.zeros([4, 6]) }), "wanted a reconstruction [6,4]"],
    [
      make(),
      "a.weight",
      plan({
        factorize: () => {
          throw new Error("own trouble");
        },
      }),
      "own trouble",
    ],
  ];
  for (const [weights, name, decomposition, said] of cases) {
    const values = weights.values.map((value) => value.dataSync());
    const tensors = tf.memory().numTensors;
    assertStringIncludes(assertThrows(() => weights.factorize(name, { decomposition, key })).message, said);
    assertEquals(weights.factorized, []);
    assertEquals(weights.values.map((value) => value.dataSync()), values);
    assertEquals(tf.memory().numTensors, tensors, said);
    weights.dispose();
  }
});

Deno.test("Weights.merge() refuses factors that are no longer finite", () => {
  const weights = make();
  weights.factorize("a.weight", threeTensors);
  weights.replace(weights.values.map((value, at) => at === 1 ? tf.mul(value, NaN) : tf.clone(value)));
  assertStringIncludes(assertThrows(() => weights.merge()).message, '"a.weight" has entries that are not finite');
  assertEquals(weights.factorized, ["a.weight"]);
  weights.dispose();
});

Deno.test("Weights.restoreFactors() takes factors as saved, of the planned shapes only", () => {
  const [from, to] = [make(), make(tf.zeros([6, 4]))];
  from.factorize("a.weight", threeTensors);
  const saved = from.values.slice(0, 3).map((value) => tf.clone(value));
  to.restoreFactors("a.weight", { decomposition: threeTensors.decomposition, factors: saved });
  tf.tidy(() => assertEquals(gap(to.mergedValue("a.weight"), from.mergedValue("a.weight")), 0));
  const wrong = [tf.zeros([2, 2])];
  assert(
    assertThrows(() => to.restoreFactors("b.weight", { decomposition: mpo(), factors: wrong })).message.includes(
      "as saved",
    ),
  );
  tf.dispose(wrong);
  [from, to].forEach((weights) => weights.dispose());
});

Deno.test("Weights.factorize() does it once, and tells what the decomposition said of the matrix", () => {
  const weights = make();
  const keys: (readonly number[])[] = [];
  const telling: Decomposition = {
    ...threeTensors.decomposition,
    plan: (shape) => {
      const plan = threeTensors.decomposition.plan(shape);
      return {
        ...plan,
        factorize: (given, context) => {
          keys.push(context.key.words);
          context.report?.({ rank: 4, kept: 1 });
          context.report?.({ kept: 2 });
          return plan.factorize(given, context);
        },
      };
    },
  };
  const { name, facts } = weights.factorize("a.weight", { decomposition: telling, key });
  assertEquals([name, facts], ["a.weight", { rank: 4, kept: 2 }]);
  assertEquals(weights.factorizationOf("a.weight")!.factorShapes.length, 3);
  assertEquals(weights.factorizationOf("b.weight"), undefined);
  const said = assertThrows(() => weights.factorize("a.weight", threeTensors)).message;
  assertStringIncludes(said, '"a.weight" is factorised already');
  weights.factorize("b.weight", { decomposition: telling, key });
  assert(keys[0]!.join() !== keys[1]!.join()); // random choices of one matrix are not those of the next
  weights.dispose();
});

Deno.test("Weights.factorizeAll() makes of each matrix what it becomes alone, or of none anything", () => {
  const decomposition = mpo({ tensors: 3, bond: 3 });
  const [together, alone] = [make(), make()];
  const found = together.factorizeAll(NAMES, { decomposition, key });
  assertEquals(found, NAMES.map((name) => alone.factorize(name, { decomposition, key })));
  assert(found[0]!.facts.truncationBound !== found[1]!.facts.truncationBound);
  tf.tidy(() => together.values.forEach((value, at) => assertEquals(gap(value, alone.values[at]!), 0)));
  [together, alone].forEach((weights) => weights.dispose());

  const infinite = matrix(6, 4).arraySync();
  infinite[0]![0] = Infinity;
  const weights = make(tf.tensor2d(infinite));
  const before = tf.memory().numTensors;
  assertThrows(() => weights.factorizeAll([...NAMES].reverse(), { decomposition, key }), Error, "not finite");
  assertEquals([weights.factorized, tf.memory().numTensors], [[], before]);
  weights.dispose();
});

Deno.test("Weights wants a value for each parameter of the model", () => {
  const values = new Map<string, tf.Tensor>([["a.weight", matrix(6, 4)], ["b.weight", matrix(6, 4)]]);
  assertStringIncludes(assertThrows(() => new Weights(architecture, values)).message, '"a.bias" has no value');
  tf.dispose([...values.values()]);
});
