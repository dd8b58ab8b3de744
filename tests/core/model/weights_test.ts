import {
  type Architecture,
  collateText,
  type Conversion,
  type Decomposition,
  KERNEL_SIZE,
  NotFiniteError,
  type ParameterInfo,
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

const valuesOf = (tensors: Iterable<tf.Tensor>) => [...tensors].map((tensor) => tensor.dataSync());

function denseValues(weights: Weights, names?: readonly string[]): Map<string, Float32Array> {
  const dense = weights.toDense(names);
  const values = new Map([...dense].map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
  tf.dispose([...dense.values()]);
  return values;
}

Deno.test("Weights.factorize() replaces a matrix by factors, and toDense() gives the matrix back", () => {
  const before = tf.memory().numTensors;
  const weights = make();
  const [{ error, size }] = weights.factorize(["a.weight"], threeTensors) as [Conversion];
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
  const values = valuesOf(weights.values);
  const dense = weights.toDense();
  assertEquals([...dense].map(([name, { shape }]) => [name, shape]), [
    ["a.weight", [6, 4]],
    ["b.weight", [6, 4]],
    ["a.bias", [6]],
  ]);
  tf.tidy(() => {
    assertLess(gap(dense.get("a.weight")!, matrix(6, 4)), 1e-5);
    assertEquals(gap(dense.get("b.weight")!, matrix(6, 4, 2)), 0);
  });
  // The weights stay as they are, and a second call gives the same bits.
  assertEquals(valuesOf(weights.values), values);
  assertEquals([...denseValues(weights).values()], valuesOf(dense.values()));
  assertEquals([...denseValues(weights, ["b.weight"]).keys()], ["b.weight"]);
  tf.dispose([...dense.values()]);
  weights.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("Structure.reader() reconstructs a matrix once, however often it is read, and not before", () => {
  let times = 0;
  const counted: Decomposition = {
    ...threeTensors.decomposition,
    plan: (shape) => {
      const plan = threeTensors.decomposition.plan(shape);
      return { ...plan, reconstruct: (factors) => (times++, plan.reconstruct(factors)) };
    },
  };
  const weights = make();
  weights.factorize(["a.weight"], { decomposition: counted, key });
  times = 0;
  tf.tidy(() => {
    const read = weights.structure.reader(weights.values);
    assertEquals(times, 0);
    assertEquals(read("a.weight"), read("a.weight"));
    read("b.weight");
    assertEquals(times, 1);
    assertStringIncludes(assertThrows(() => read("a.wieght"), RequestError).message, 'Did you mean "a.weight"?');
  });
  weights.dispose();
});

Deno.test("Weights.factorize() changes nothing if it throws", () => {
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
    [make(), "a.weight", plan({ factorShapes: [[1, 2]] }), "expected factors [[1,2]]"],
    [make(), "a.weight", plan({ reconstruct: () => tf.zeros([6, 4]) }), "relative error"],
    [make(), "a.weight", plan({ reconstruct: () => tf.zeros([4, 6]) }), "expected a reconstruction [6,4]"],
    [
      make(),
      "a.weight",
      plan({
        factorize: () => {
          throw new Error("singular");
        },
      }),
      "singular",
    ],
  ];
  for (const [weights, name, decomposition, expected] of cases) {
    const values = weights.values.map((value) => value.dataSync());
    const tensors = tf.memory().numTensors;
    assertStringIncludes(assertThrows(() => weights.factorize([name], { decomposition, key })).message, expected);
    assertEquals(weights.factorized, []);
    assertEquals(weights.values.map((value) => value.dataSync()), values);
    assertEquals(tf.memory().numTensors, tensors, expected);
    weights.dispose();
  }
});

Deno.test("Weights.toDense() refuses parameters that are not finite, and leaves no tensors behind", () => {
  for (const broken of [0, 1, 3]) { // the first factor, the second, a dense matrix: always after some tensors were created
    const weights = make();
    weights.factorize(["a.weight"], threeTensors);
    weights.replace(weights.values.map((value, index) => index === broken ? tf.mul(value, NaN) : tf.clone(value)));
    const before = tf.memory().numTensors;
    const name = broken === 3 ? "b.weight" : "a.weight";
    const { message } = assertThrows(() => weights.toDense(["a.bias", ...NAMES]), NotFiniteError);
    assertStringIncludes(message, `"${name}" has elements that are not finite`);
    assertEquals([weights.factorized, tf.memory().numTensors], [["a.weight"], before]);
    weights.dispose();
  }
});

Deno.test("Weights.toDense() finds the one element that is not finite, in large parameters too", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const values = new Float32Array(KERNEL_SIZE + 6).fill(1);
    const large: Architecture = {
      ...architecture,
      parameters: [{ name: "large", shape: [values.length] }],
      matrices: [],
    };
    const finite = new Weights(large, new Map([["large", tf.tensor1d(values)]]));
    tf.dispose([...finite.toDense().values()]);
    values[KERNEL_SIZE + 5] = value;
    const broken = new Weights(large, new Map([["large", tf.tensor1d(values)]]));
    assertThrows(() => broken.toDense(), NotFiniteError, '"large" has elements');
    [finite, broken].forEach((weights) => weights.dispose());
  }
});

Deno.test("Weights.restoreFactors() accepts saved factors of the planned shapes only", () => {
  const [from, to] = [make(), make(tf.zeros([6, 4]))];
  from.factorize(["a.weight"], threeTensors);
  const saved = from.values.slice(0, 3).map((value) => tf.clone(value));
  to.restoreFactors("a.weight", { decomposition: threeTensors.decomposition, factors: saved });
  assertEquals(denseValues(to), denseValues(from));
  const wrong = [tf.zeros([2, 2])];
  const { message } = assertThrows(() => to.restoreFactors("b.weight", { decomposition: mpo(), factors: wrong }));
  assertStringIncludes(message, "as saved");
  tf.dispose(wrong);
  [from, to].forEach((weights) => weights.dispose());
});

Deno.test("Weights.factorize() factorizes a matrix once, and returns what the decomposition reported", () => {
  const weights = make();
  const keys: (readonly number[])[] = [];
  const reporting: Decomposition = {
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
  const [{ name, facts }] = weights.factorize(["a.weight"], { decomposition: reporting, key }) as [Conversion];
  assertEquals([name, facts], ["a.weight", { rank: 4, kept: 2 }]);
  assertEquals(weights.factorizationOf("a.weight")!.factorShapes.length, 3);
  assertEquals(weights.factorizationOf("b.weight"), undefined);
  const { message } = assertThrows(() => weights.factorize(["a.weight"], threeTensors));
  assertStringIncludes(message, '"a.weight" is already factorized');
  weights.factorize(["b.weight"], { decomposition: reporting, key });
  assert(keys[0]!.join() !== keys[1]!.join()); // each matrix draws its own random numbers
  weights.dispose();
});

Deno.test("Weights.factorize() factorizes several matrices as it does each alone, or changes none", () => {
  const decomposition = mpo({ tensors: 3, bond: 3 });
  const [together, alone] = [make(), make()];
  const conversions = together.factorize(NAMES, { decomposition, key });
  assertEquals(conversions, NAMES.flatMap((name) => alone.factorize([name], { decomposition, key })));
  assert(conversions[0]!.facts.truncationBound !== conversions[1]!.facts.truncationBound);
  assertEquals(valuesOf(together.values), valuesOf(alone.values));
  [together, alone].forEach((weights) => weights.dispose());

  const infinite = matrix(6, 4).arraySync();
  infinite[0]![0] = Infinity;
  const weights = make(tf.tensor2d(infinite));
  const before = tf.memory().numTensors;
  assertThrows(() => weights.factorize([...NAMES].reverse(), { decomposition, key }), Error, "not finite");
  assertEquals([weights.factorized, tf.memory().numTensors], [[], before]);
  weights.dispose();
});

Deno.test("Weights expects a value for each parameter of the model", () => {
  const values = new Map<string, tf.Tensor>([["a.weight", matrix(6, 4)], ["b.weight", matrix(6, 4)]]);
  assertStringIncludes(assertThrows(() => new Weights(architecture, values)).message, '"a.bias" has no value');
  tf.dispose([...values.values()]);
});

Deno.test("Weights refuses a tie to a missing parameter, to a tied one, or to one of another shape", () => {
  const refused = (tie: ParameterInfo, expected: string) => {
    const parameters = [...architecture.parameters, { name: "c.weight", shape: [6, 4], tiedTo: "a.weight" }, tie];
    const values = new Map(architecture.parameters.map(({ name, shape }) => [name, tf.zeros([...shape])]));
    const { message } = assertThrows(() => new Weights({ ...architecture, parameters }, values));
    assertStringIncludes(message, expected);
    tf.dispose([...values.values()]);
  };
  refused({ name: "d.weight", shape: [6, 4], tiedTo: "e.weight" }, '"d.weight" is tied to "e.weight"');
  refused({ name: "d.weight", shape: [6, 4], tiedTo: "c.weight" }, '"d.weight" is tied to "c.weight"');
  refused({ name: "d.weight", shape: [4, 6], tiedTo: "a.weight" }, "is [4,6], expected [6,4]");
});
