// Together: the engines of plugins/backends and core/training/step.ts, against each other.
import {
  type Engine,
  engine,
  fused,
  type MatrixInfo,
  type NamedArrays,
  RandomKey,
  tf,
  useEngine,
  Weights,
} from "@opf/framework";
import { bert, mpo, tensorflow, wasm, xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess } from "@std/assert";
import { TOY_EXAMPLES, toyModel, toyWeights } from "../../../core/check/toy.ts";
import { collate } from "../../../core/training/batches.ts";
import { slotName } from "../../../core/training/optimizer_state.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { Stepper, type StepReport } from "../../../core/training/step.ts";
import { initialTensors } from "../../_initial_tensors.ts";
import { distance, gap, matrix, ofRank } from "../../_tensors.ts";
import { CONFIG } from "../../_tiny.ts";

const usual = await tensorflow.start();
const others = [await wasm.start(), await xla.start()];
useEngine(usual);

function on<T>(own: Engine, run: () => T): T {
  useEngine(own);
  try {
    return run();
  } finally {
    useEngine(usual);
  }
}

const HEAD = { kind: "classification", outputs: 2 } as const;
const FACTORIZED = ["attention.self.query", "output.dense"].map((name) => `bert.encoder.layer.0.${name}.weight`);
const key = RandomKey.of(5);

/** A tiny BERT with two factorized matrices, and its stepper. */
function model() {
  const architecture = bert({ source: "a folder" }).architecture(CONFIG, HEAD);
  const weights = new Weights(architecture, initialTensors(architecture, { key, width: 0.2 }));
  for (const name of FACTORIZED) weights.factorize([name], { decomposition: mpo({ tensors: 3 }), key });
  const optimizer = { ...TRAINING_DEFAULTS, learningRate: 5e-3, factorLearningRate: 1e-3 };
  const stepper = new Stepper(weights, { optimizer, maxGradNorm: 1, isTrainable: () => true });
  const dispose = () => {
    stepper.dispose();
    weights.dispose();
  };
  return { weights, stepper, dispose };
}

/** Sixteen examples of seven random tokens, the last one padding in every other example. */
function batchAt(step: number): NamedArrays {
  const batchSize = 16, length = 7;
  const bits = key.fold("batch").fold(step).bits(batchSize * length);
  const perToken = (value: (word: number, index: number) => number) => ({
    shape: [batchSize, length],
    values: Int32Array.from(bits, value),
  });
  return {
    inputIds: perToken((word) => word % CONFIG.vocab_size),
    tokenTypeIds: perToken((word) => (word >>> 8) % 2),
    attentionMask: perToken((_, index) => index % (2 * length) === length - 1 ? 0 : 1),
    labels: {
      shape: [batchSize],
      values: Float32Array.from({ length: batchSize }, (_, index) => bits[index * length]! % 2),
    },
    exampleMask: { shape: [batchSize], values: new Float32Array(batchSize).fill(1) },
  };
}

type Values = ReadonlyMap<string, Float32Array>;

/** Weights and moments by name, on the host. */
interface State {
  readonly values: Values;
  readonly first: Values;
  readonly second: Values;
  readonly updates: number;
}

function stateOf({ weights, stepper }: ReturnType<typeof model>): State {
  const names = weights.slots.map(slotName);
  const read = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;
  const stored = stepper.moments.stored();
  const moments = names.map((name) => stored.get(name)!);
  const values = (part: "first" | "second") => new Map(names.map((name, at) => [name, moments[at]![part].read()]));
  return {
    values: new Map(names.map((name, at) => [name, read(weights.values[at]!)])),
    first: values("first"),
    second: values("second"),
    updates: moments[0]!.updates,
  };
}

/** One step on another engine, from a state. */
function stepFrom(state: State, step: number): { report: StepReport; state: State } {
  const own = model();
  const shapes = new Map(own.weights.slots.map((slot) => [slotName(slot), [...slot.shape]]));
  const tensor = (values: Values, name: string) => tf.tensor(values.get(name)!, shapes.get(name)!);
  own.weights.replace([...shapes.keys()].map((name) => tensor(state.values, name)));
  own.stepper.restoreMoments(
    new Map([...shapes].map(([name, shape]) => [name, {
      first: { shape, read: () => state.first.get(name)! },
      second: { shape, read: () => state.second.get(name)! },
      updates: state.updates,
    }])),
  );
  const report = own.stepper.step([batchAt(step)], { key: key.fold(step), rate: 1 });
  const after = stateOf(own);
  own.dispose();
  return { report, state: after };
}

/** `‖a − b‖ / ‖b‖` over all tensors. */
function relative(a: Values, b: Values): number {
  let difference = 0, size = 0;
  for (const [name, values] of b) {
    values.forEach((value, at) => {
      difference += (a.get(name)![at]! - value) ** 2;
      size += value ** 2;
    });
  }
  return Math.sqrt(difference / size);
}

// Softmax is invariant to a bias of all keys: its gradient is pure rounding, which Adam turns into steps.
const seen = (values: Values): Values => new Map([...values].filter(([name]) => !name.endsWith("self.key.bias")));

Deno.test("one step from the same state is the same on all backends, at steps 1, 10 and 50", () => {
  const own = model();
  try {
    for (let step = 1; step <= 50; step++) {
      const before = [1, 10, 50].includes(step) ? stateOf(own) : undefined;
      const report = own.stepper.step([batchAt(step)], { key: key.fold(step), rate: 1 });
      if (!before) continue;
      const after = stateOf(own);
      for (const other of others) {
        const place = `${other.name}, step ${step}`;
        const found = on(other, () => stepFrom(before, step));
        assertLess(Math.abs(found.report.loss / report.loss - 1), 1e-5, `loss, ${place}`);
        assertLess(Math.abs(found.report.gradientNorm / report.gradientNorm - 1), 1e-5, `gradient norm, ${place}`);
        for (const part of ["values", "first", "second"] as const) {
          assertLess(relative(seen(found.state[part]), seen(after[part])), 1e-5, `${part}, ${place}`);
        }
        assertEquals(found.state.updates, step);
      }
      // The step itself is much larger than the tolerance.
      assert(relative(seen(before.values), seen(after.values)) > 1e-3);
    }
  } finally {
    own.dispose();
  }
});

Deno.test("50 steps side by side have the same losses on all backends", () => {
  const losses = [usual, ...others].map((backend) =>
    on(backend, () => {
      const own = model();
      const all = Array.from(
        { length: 50 },
        (_, step) => own.stepper.step([batchAt(step + 1)], { key: key.fold(step + 1), rate: 1 }).loss,
      );
      own.dispose();
      return all;
    })
  );
  losses.slice(1).forEach((found, index) =>
    found.forEach((loss, step) => {
      assertLess(Math.abs(loss / losses[0]![step]! - 1), 1e-4, `${others[index]!.name}, step ${step + 1}`);
    })
  );
});

Deno.test("an SVD has the same values and the same product on all backends", () => {
  const cases: Record<string, () => tf.Tensor2D> = {
    "wide 13×29": () => matrix(13, 29),
    "tall 31×7": () => matrix(31, 7),
    "square 24×24": () => matrix(24, 24),
    "17×11 of rank 3": () => ofRank(3, 17, 11),
    "zero 5×8": () => tf.zeros([5, 8]),
    "equal values": () => tf.mul(tf.eye(6), 2),
    "one row": () => matrix(1, 9),
  };
  for (const [name, make] of Object.entries(cases)) {
    const [wanted, ...found] = [usual, ...others].map((own) =>
      on(own, () =>
        tf.tidy(() => {
          const { u, s, v } = engine().svd(make());
          return { s: s.arraySync(), product: tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true).arraySync() };
        }))
    ) as { s: number[]; product: number[][] }[] & [{ s: number[]; product: number[][] }];
    tf.tidy(() => {
      const size = Math.max(...wanted.s) || 1;
      found.forEach(({ s, product }, index) => {
        const place = `${name}, ${others[index]!.name}`;
        assertLess(gap(tf.tensor1d(s), wanted.s) / size, 1e-5, place);
        assertLess(distance(tf.tensor2d(product), tf.tensor2d(wanted.product)), 1e-5, place);
      });
    });
  }
});

Deno.test("random numbers and masks are the same bits on all backends, for keys and for tensors", () => {
  const draw = (own: Engine, make: () => RandomKey | tf.Tensor) =>
    on(own, () =>
      tf.tidy(() => [
        [...engine().randomUniform(make(), [5, 7], { counter: 3 }).dataSync()],
        [...engine().randomMask(make(), [3, 1001], { rate: 0.3, counter: 2 }).dataSync()],
      ]));
  const known = RandomKey.of(2 ** 52 + 12345).fold("place");
  const words = () => tf.tensor1d(Int32Array.from(known.words), "int32");
  const wanted = draw(usual, () => known);
  for (const backend of [usual, ...others]) {
    for (const found of [draw(backend, () => known), draw(backend, words)]) assertEquals(found, wanted);
  }
});

Deno.test("a fused function is compiled for each engine", () => {
  const square = fused((x) => tf.mul(x!, x!), { name: "agreement" });
  for (const own of [usual, ...others, usual, ...others]) {
    on(own, () => tf.tidy(() => assertEquals(square(tf.tensor1d([3, -2])).arraySync() as unknown, [9, 4])));
  }
});

Deno.test("steps on tensors large enough to be updated in place are the same on all backends", () => {
  const matrices = ["a", "b"].map((module, layer): MatrixInfo => ({
    name: `${module}.weight`,
    kind: "ffn",
    module,
    layer,
    shape: [256, 512],
  }));
  const decomposition = mpo({ tensors: 4, modes: [{ rows: [16, 16], columns: [16, 32] }] }); // equal shapes in the middle
  const shape = { batchSize: 24, maxLength: 4, padId: 0 };
  const batch = collate(TOY_EXAMPLES, { architecture: toyModel(matrices), shape });
  // All start from the same factors: the vectors of singular values that lie close depend on rounding.
  let start: { shape: number[]; values: Float32Array }[] | undefined;
  const moved = [usual, ...others].map((own) =>
    on(own, () => {
      const weights = toyWeights(toyModel(matrices));
      weights.factorize(["a.weight"], { decomposition, key });
      start ??= weights.values.map((value) => ({ shape: value.shape, values: value.dataSync() as Float32Array }));
      weights.replace(start.map(({ shape, values }) => tf.tensor(values, shape)));
      // A large ε damps the steps that Adam makes of gradients that are pure rounding.
      const optimizer = { ...TRAINING_DEFAULTS, adamEpsilon: 1e-2, learningRate: 1e-3, factorLearningRate: 1e-3 };
      const stepper = new Stepper(weights, { optimizer, maxGradNorm: 1, isTrainable: () => true });
      const kept = tf.clone(weights.values.at(-1)!);
      const before = kept.dataSync();
      const losses = [1, 1, 2, 1].map((micro, step) => {
        const { loss } = stepper.step(Array(micro).fill(batch), { key: key.fold(step), rate: 1 });
        tf.dispose([...weights.toDense().values()]); // read between steps, as evaluation does
        return loss;
      });
      assertEquals(kept.dataSync(), before);
      const values = weights.values.map((value) => value.dataSync() as Float32Array);
      kept.dispose();
      stepper.dispose();
      weights.dispose();
      return { losses, values };
    })
  );
  const [ours, ...all] = moved as [typeof moved[0], ...typeof moved];
  assert(ours.losses[3]! < ours.losses[0]!);
  for (const theirs of all) {
    ours.losses.forEach((loss, step) => assertLess(Math.abs(loss - theirs.losses[step]!) / loss, 1e-4));
    ours.values.forEach((value, index) =>
      tf.tidy(() => assertLess(distance(tf.tensor1d(value), tf.tensor1d(theirs.values[index]!)), 1e-4))
    );
  }
});
