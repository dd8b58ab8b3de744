// Together: the engines of plugins/backends, against each other.
import { type Engine, engine, tf, useEngine } from "@opf/framework";
import { tensorflow, wasm, xla } from "@opf/framework/plugins";
import { assert, assertEquals } from "@std/assert";
import { matrix } from "../../_tensors.ts";

const engines = [await tensorflow.start(), await wasm.start(), await xla.start()];
useEngine(engines[0]!);

/** Type, shape and values of a tensor. */
interface TensorData {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function on(own: Engine, compute: () => tf.Tensor | tf.Tensor[]): TensorData[] {
  useEngine(own);
  try {
    return tf.tidy(() =>
      [compute()].flat().map((tensor) => ({
        dtype: tensor.dtype,
        shape: tensor.shape,
        values: [...tensor.dataSync()],
      }))
    );
  } finally {
    useEngine(engines[0]!);
  }
}

const cube = (...shape: number[]) => tf.reshape(matrix(1, tf.util.sizeFromShape(shape)), shape);
const whole = (...shape: number[]) => tf.cast(tf.mul(cube(...shape), 9), "int32");
const truth = (...shape: number[]) => tf.greater(cube(...shape), 0.2);
const wide = () => tf.mul(cube(7, 11), 6);
const gradientOf = (compute: (x: tf.Tensor) => tf.Tensor, ...shape: number[]) => () => {
  const x = cube(...shape);
  const out = compute(x);
  return tf.grad((x) => tf.sum(tf.mul(compute(x), cube(...out.shape))))(x);
};
const product = (a: number[], b: number[], transposeA = false, transposeB = false) => () =>
  tf.matMul(cube(...a), cube(...b), transposeA, transposeB);

// The operations of layers, optimizer, decompositions, scores and checks, and their gradients.
const CASES: Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>> = {
  "add, broadcast": () => [
    tf.add(cube(2, 1, 3, 2), cube(1, 4, 1, 2)),
    tf.add(cube(2, 1, 2, 3, 1, 2, 2), cube(2, 1, 2, 3, 1, 2, 2)),
    tf.mul(cube(2, 1, 2, 3, 1, 2, 2), cube(2)),
    tf.sub(cube(1, 3), cube(2, 1)),
    tf.div(cube(2, 1, 2, 1, 2, 3, 2, 2), cube(1, 2, 1, 1, 3, 2, 2)),
    tf.greater(cube(2, 1, 2, 3, 1, 2, 2), tf.scalar(0.1)),
  ],
  "arithmetic":
    () => [tf.sub(wide(), cube(11)), tf.mul(wide(), 1e-3), tf.div(1, wide()), tf.maximum(wide(), cube(7, 1))],
  "integers": () => [
    tf.sub(whole(5, 3), whole(3)),
    tf.div(whole(5, 3), tf.scalar(2, "int32")),
    tf.mod(whole(5, 3), tf.scalar(4, "int32")),
    tf.neg(whole(4)),
    tf.abs(whole(4)),
    tf.square(whole(4)),
    tf.max(whole(5, 3), 0),
    tf.sum(whole(5, 3), 1, true),
    tf.tile(whole(2, 3), [2, 1]),
  ],
  "unary functions": () =>
    [
      tf.exp,
      tf.erf,
      tf.tanh,
      tf.sigmoid,
      tf.sin,
      tf.cos,
      tf.square,
      tf.abs,
      tf.neg,
      tf.sign,
      tf.relu,
      tf.floor,
      tf.step,
    ]
      .map((compute) => (compute as (x: tf.Tensor) => tf.Tensor)(wide())),
  "unary functions of positive numbers": () =>
    [tf.sqrt, tf.rsqrt, tf.log, tf.reciprocal].map((compute) => compute(tf.add(tf.abs(wide()), 0.01))),
  "powers": () => [tf.pow(wide(), 3), tf.pow(tf.abs(wide()), 0.5), tf.pow(wide(), tf.scalar(2, "int32"))],
  "not finite": () => {
    const odd = tf.tensor1d([NaN, Infinity, -Infinity, 1, -0]);
    return [
      tf.isFinite(odd),
      tf.isNaN(odd),
      tf.all(tf.isFinite(odd)),
      tf.sqrt(odd),
      ...[tf.max, tf.min].flatMap((reduce) =>
        [[1, Infinity], [1, NaN, 2], [NaN, 1]].map((x) => reduce(tf.tensor1d(x)))
      ),
    ];
  },
  "reductions, several axes": () => [
    tf.sum(cube(2, 3, 4, 1, 5), [0, 2]),
    tf.mean(cube(2, 3, 4, 1, 5), [-1, 1], true),
    tf.max(cube(2, 3, 4), 1),
    tf.min(cube(1, 5), 0),
    tf.sum(cube(1, 5), 0),
    tf.sum(cube(5, 1), 1, true),
    tf.prod(cube(3, 4), 0),
    tf.all(truth(4, 5), 0),
    tf.any(truth(4, 5), 1),
    tf.norm(cube(6, 7)),
    ...Object.values(tf.moments(cube(6, 7), -1, true)),
  ],
  "reductions of empty tensors": () => [
    tf.sum(tf.zeros([0, 3]), 0),
    tf.max(tf.zeros([2, 0]), 1),
    tf.min(tf.zeros([0])),
    tf.prod(tf.zeros([0])),
    tf.mean(tf.zeros([0, 2]), 0),
    tf.all(tf.zeros([0], "bool")),
    tf.any(tf.zeros([0], "bool")),
  ],
  "booleans": () => [
    tf.logicalAnd(truth(3, 4), truth(4)),
    tf.logicalOr(truth(3, 4), truth(1, 4)),
    tf.logicalNot(truth(3, 4)),
    tf.equal(whole(3, 4), whole(4)),
    tf.notEqual(whole(3, 4), 0),
    tf.lessEqual(cube(3, 4), 0.1),
    tf.where(truth(3, 4), cube(3, 4), 0),
    tf.where(truth(4), cube(3, 4), tf.neg(cube(3, 1))),
    tf.cast(truth(3, 4), "float32"),
    tf.cast(truth(3, 4), "int32"),
    tf.cast(wide(), "bool"),
    tf.cast(wide(), "int32"),
    tf.reshape(truth(3, 4), [2, 6]),
  ],
  "movement": () => [
    tf.transpose(cube(2, 3, 4, 2, 3, 2), [5, 2, 0, 4, 1, 3]),
    tf.transpose(cube(2, 1, 3, 2, 1, 2, 2), [6, 4, 2, 0, 1, 3, 5]),
    tf.transpose(cube(2, 2, 2, 2, 2, 2, 2, 2), [7, 0, 6, 1, 5, 2, 4, 3]),
    tf.transpose(whole(3, 4)),
    tf.transpose(truth(3, 4)),
    tf.slice(cube(3, 4, 2, 3, 2), [1, 0, 1, 0, 0], [2, 3, 1, 2, 2]),
    tf.slice(cube(5, 4), [2, 1], [3, 2]),
    tf.concat([cube(2, 3), cube(4, 3)], 0),
    tf.concat([cube(2, 3), cube(2, 1)], 1),
    tf.stack([cube(2, 3), cube(2, 3)], 1),
    ...tf.unstack(cube(3, 4), 1),
    ...tf.split(cube(4, 6), 3, 1),
    tf.pad(cube(2, 3), [[1, 0], [2, 1]]),
    tf.tile(cube(2, 3), [2, 3]),
    tf.broadcastTo(cube(3, 1), [2, 3, 4]),
    tf.reverse(cube(3, 4), 1),
    tf.cumsum(cube(3, 4), 0),
    tf.gather(cube(5, 3), tf.tensor1d([4, 0, 4], "int32")),
    tf.gather(cube(2, 5, 3), tf.tensor2d([[4, 0], [1, 1]], undefined, "int32"), 1, 1),
  ],
  "creation": () => [
    tf.eye(3, 5),
    tf.diag(cube(4)),
    tf.range(1, 9, 2, "int32"),
    tf.range(5, 0),
    tf.range(5, 0, -2),
    tf.exp(tf.tensor1d([0, 1, -2], "int32")),
    tf.linspace(0, 1, 5),
    tf.fill([2, 2], 3),
    tf.onesLike(whole(2, 2)),
    tf.oneHot(tf.tensor1d([2, 0, 1], "int32"), 4),
    tf.argMax(tf.tensor2d([[1, 3], [3, 3], [3, 0]]), 0),
    tf.argMax(tf.cast(truth(3, 4), "int32"), 1),
    tf.argMin(cube(3, 4), -1),
    ...Object.values(tf.topk(cube(3, 6), 2)),
  ],
  "softmax": () => [tf.softmax(wide()), tf.logSoftmax(wide()), tf.softmax(tf.mul(wide(), 1e9))],
  "products": () =>
    [[[5, 3], [3, 4]], [[1, 3], [3, 1]], [[3, 0], [0, 2]], [[0, 3], [3, 2]], [[64, 48], [48, 40]]]
      .map(([a, b]) => product(a!, b!)()),
  "products, transposed": () => [
    product([3, 5], [3, 4], true)(),
    product([5, 3], [4, 3], false, true)(),
    product([48, 64], [40, 48], true, true)(),
    product([2, 3, 48, 64], [2, 3, 48, 40], true)(),
    product([2, 3, 64, 48], [2, 3, 40, 48], false, true)(),
  ],
  "products, broadcast": () => [
    product([2, 1, 3, 4], [5, 4, 2])(),
    product([3, 1, 64, 48], [2, 48, 40])(),
    product([2, 5, 3], [3, 4])(),
    product([5, 3], [2, 3, 4])(),
    product([2, 64, 48], [1, 40, 48], false, true)(),
  ],
  "gradients": () =>
    [
      gradientOf((x) => tf.softmax(x), 3, 4),
      gradientOf((x) => tf.logSoftmax(x), 3, 4),
      gradientOf((x) => tf.erf(x), 3, 4),
      gradientOf((x) => tf.tanh(x), 3, 4),
      gradientOf((x) => tf.mean(tf.square(x), -1, true), 3, 4),
      gradientOf((x) => tf.max(x, 1), 3, 4),
      gradientOf((x) => tf.rsqrt(tf.add(tf.square(x), 0.1)), 3, 4),
      gradientOf((x) => tf.pow(x, 3), 3, 4),
      gradientOf((x) => tf.relu(x), 3, 4),
      gradientOf((x) => tf.elu(x), 3, 4),
      gradientOf((x) => tf.slice(x, [1, 1], [2, 2]), 3, 4),
      gradientOf((x) => tf.concat([x, x], 1), 3, 4),
      gradientOf((x) => tf.stack(tf.unstack(x, 1)), 3, 4),
      gradientOf((x) => tf.transpose(x, [2, 0, 1]), 2, 3, 4),
      gradientOf((x) => tf.where(truth(3, 4), x, 0), 3, 4),
      gradientOf((x) => tf.norm(x), 3, 4),
      gradientOf((x) => tf.gather(x, tf.tensor1d([1, 1, 0], "int32")), 3, 4),
      gradientOf((x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 1, 0], "int32"), 2), 3, 4),
      gradientOf((x) => tf.add(x, tf.mul(cube(4), x)), 4),
      gradientOf((x) => tf.mul(tf.tile(x, [2, 1]), 2), 3, 4),
      gradientOf((x) => tf.div(x, tf.sum(tf.abs(x))), 3, 4),
      gradientOf((x) => tf.matMul(x as tf.Tensor2D, cube(5, 4) as tf.Tensor2D, false, true), 3, 4),
      gradientOf((x) => tf.matMul(x, cube(2, 3, 48, 40)), 2, 3, 64, 48),
      gradientOf((x) => tf.matMul(cube(2, 3, 48, 64), x, true, true), 2, 3, 40, 48),
    ].map((compute) => compute()),
};

const within = (x: tf.Tensor, limit: number) => tf.mul(x, limit);
const inShapes = (compute: (x: tf.Tensor) => tf.Tensor, limit: number) => () => [
  // A matrix whose elements stand in other places, one element, a scalar, none, and those at which something changes.
  ...[tf.transpose(cube(3, 5)), tf.slice(cube(3, 4), [1, 1], [2, 2]), cube(1), cube(), tf.zeros([0, 3])]
    .map((x) => compute(within(x, limit))),
  ...(limit > 1 ? [compute(tf.tensor1d([0, -0, 1, -1, 1e-4, 1e-30]))] : []),
  gradientOf((x) => compute(within(x, limit)), 3, 4)(),
];
const gradientsOf = (compute: (...xs: tf.Tensor[]) => tf.Tensor, ...xs: tf.Tensor[]) =>
  tf.grads((...xs: tf.Tensor[]) => {
    const out = compute(...xs);
    return tf.sum(tf.mul(out, cube(...out.shape)));
  })(xs);
const sparse = (shape: number[], indices: tf.Tensor, values: tf.Tensor) =>
  tf.sparseToDense(indices, values, shape, tf.cast(tf.scalar(7), values.dtype) as tf.Scalar);
const places = (...rows: number[][]) => tf.tensor2d(rows, [rows.length, rows[0]!.length], "int32");
const normalized = (...[x, mean, variance, offset, scale]: tf.Tensor[]) =>
  tf.batchNorm(
    x!,
    mean as tf.Tensor1D,
    tf.square(variance!) as tf.Tensor1D,
    offset as tf.Tensor1D,
    scale as tf.Tensor1D,
  );

// What authors of plugins may use besides; compiled too.
const SELDOM_CASES: typeof CASES = {
  "acos": inShapes(tf.acos, 0.9),
  "acosh": inShapes((x) => tf.acosh(tf.add(tf.square(x), 1.01)), 3),
  "asin": inShapes(tf.asin, 0.9),
  "asinh": inShapes(tf.asinh, 6),
  "atan": inShapes(tf.atan, 6),
  "atanh": inShapes(tf.atanh, 0.9),
  "cosh": inShapes(tf.cosh, 6),
  "sinh": inShapes(tf.sinh, 6),
  "selu": inShapes(tf.selu, 6),
  "prelu": () => [
    tf.prelu(cube(3, 4), cube(4)),
    tf.prelu(cube(2, 3, 4), cube(3, 1)),
    tf.prelu(cube(1), cube(1)),
    tf.prelu(tf.zeros([0, 4]), cube(4)),
    ...gradientsOf((x, alpha) => tf.prelu(x!, alpha!), cube(2, 3, 4), cube(3, 4)),
  ],
  "fused products": () => [
    ...(["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const).map((activation) =>
      tf.fused.matMul({
        a: tf.mul(cube(5, 3), 4),
        b: tf.mul(cube(4, 3), 4),
        transposeB: true,
        bias: cube(4),
        activation,
        preluActivationWeights: tf.abs(cube(4)),
        leakyreluAlpha: 0.3,
      })
    ),
    tf.fused.matMul({ a: cube(3, 5), b: cube(3, 4), transposeA: true, bias: cube(5, 4) }),
    tf.fused.matMul({ a: cube(2, 5, 3), b: cube(2, 3, 4), bias: cube(4), activation: "relu" }),
    tf.fused.matMul({ a: cube(64, 48), b: cube(48, 40), bias: cube(40) }),
    tf.fused.matMul({ a: tf.zeros([0, 3]), b: cube(3, 4), bias: cube(4) }),
    tf.fused.matMul({ a: cube(1, 1), b: cube(1, 1) }),
    ...(["linear", "relu"] as const).flatMap((activation) =>
      gradientsOf(
        (a, b, bias) =>
          tf.fused.matMul({
            a: a as tf.Tensor2D,
            b: b as tf.Tensor2D,
            bias: bias!,
            transposeA: true,
            activation,
          }),
        cube(3, 5),
        cube(3, 4),
        cube(4),
      )
    ),
  ],
  "batch normalization": () => [
    normalized(cube(2, 3, 4, 5), cube(5), cube(5), cube(5), cube(5)),
    normalized(cube(3, 5), cube(5), cube(5)),
    normalized(cube(3, 5), cube(3, 5), cube(3, 5), cube(3, 5)),
    normalized(cube(1, 1), cube(1), cube(1)),
    ...gradientsOf(normalized, cube(3, 5), cube(5), cube(5), cube(5), cube(5)),
  ],
  "sparse to dense": () => [
    sparse([5], tf.tensor1d([1, 3], "int32"), cube(2)),
    sparse([5], tf.scalar(3, "int32"), tf.scalar(2)),
    sparse([3, 4], places([0, 1], [2, 3]), cube(2)),
    sparse([3, 4], places([0, 1], [2, 3]), tf.scalar(2, "int32")),
    sparse([1, 1, 1], places([0, 0, 0]), cube(1)),
  ],
  "counts": () => {
    const numbers = tf.tensor1d([1, 5, 1, 0, 9, 2 ** 30], "int32");
    return [
      tf.bincount(numbers, tf.tensor1d([]), 6),
      tf.bincount(numbers, cube(6) as tf.Tensor1D, 10),
      tf.bincount(numbers, numbers, 3),
      tf.bincount(tf.tensor1d([], "int32"), tf.tensor1d([]), 3),
      tf.bincount(tf.tensor1d([0], "int32"), tf.tensor1d([]), 1),
    ];
  },
};

for (const [name, compute] of Object.entries({ ...CASES, ...SELDOM_CASES })) {
  const isSeldom = name in SELDOM_CASES;
  Deno.test(`all backends compute the same: ${name}`, () => {
    const [expected, ...others] = engines.map((own) => on(own, compute)) as [TensorData[], ...TensorData[][]];
    if (isSeldom) {
      for (const own of engines) {
        const compiled = on(own, () => own.jit(() => [compute()].flat(), { name })());
        assertSame(compiled, expected, `${own.name}, compiled,`);
      }
    }
    others.forEach((actual, index) => assertSame(actual, expected, engines[index + 1]!.name));
  });
}

function assertSame(actual: readonly TensorData[], expected: readonly TensorData[], backend: string): void {
  assertEquals(actual.map(({ dtype, shape }) => [dtype, shape]), expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ dtype, values }, tensor) => {
    const size = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
    values.forEach((value, at) => {
      const other = actual[tensor]!.values[at]!;
      const same = Object.is(value + 0, other + 0) || dtype === "float32" && Math.abs(value - other) <= 2e-6 * size;
      assert(same, `tensor ${tensor}, element ${at}: tensorflow has ${value}, ${backend} ${other}`);
    });
  });
}

Deno.test("all backends find the same unique slices, eager and in a compiled function", () => {
  const compute = () =>
    [
      tf.unique(tf.tensor1d([3, 1, 3, 2, 1, 3])),
      tf.unique(tf.cast(tf.tensor1d([0, 1, 0]), "bool")),
      tf.unique(tf.transpose(tf.tensor2d([[1, 0, 1], [2, 0, 2]], undefined, "int32")), 0),
      tf.unique(tf.tensor3d([[[1], [2], [1]], [[3], [2], [3]]]), 1),
      tf.unique(tf.tensor2d([[1, 0, 1], [2, 0, 2]]), -1),
      tf.unique(tf.tensor1d([5])),
      tf.unique(tf.zeros([0])),
    ].flatMap(({ values, indices }) => [values, indices]);
  const [expected, ...others] = engines.map((own) => on(own, compute)) as [TensorData[], ...TensorData[][]];
  assertEquals(expected[0]!.values, [3, 1, 2]);
  assertEquals(expected[1]!.values, [0, 1, 0, 2, 1, 0]);
  others.forEach((actual, index) => assertSame(actual, expected, engines[index + 1]!.name));
  for (const own of engines) {
    // The shape of the result is not known before the values are.
    assertSame(on(own, () => own.jit(compute, { name: "unique" })()), expected, `${own.name}, compiled,`);
  }
});

Deno.test("useEngine() selects the engine that computes from then on", () => {
  for (const own of [...engines, ...engines]) {
    useEngine(own);
    assertEquals([engine().name, tf.getBackend()], [own.name, own.name]);
    const made = tf.zeros([3]);
    assertEquals(own.memory().tensors, engine().memory().tensors);
    made.dispose();
  }
  useEngine(engines[0]!);
});
