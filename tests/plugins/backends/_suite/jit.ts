/**
 * What `jit()`, `kernel()` and `fused()` promise on every backend, whether it compiles or not.
 *
 * @module
 */
import { engine, fused, kernel, KERNEL_SIZE, tf } from "@opf/framework";
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { gap, matrix } from "../../../_tensors.ts";

type Compute = (...inputs: tf.Tensor[]) => tf.Tensor[];

/** A function compiled by itself, and inside another function that only calls it. */
const bothWays = (compute: Compute, options: { donate?: (number | undefined)[] } = {}): Compute[] => {
  const inner = engine().jit(compute, options);
  return [engine().jit(compute, options), engine().jit((...inputs) => inner(...inputs), options)];
};

Deno.test("jit() computes what the function computes, for all shapes, by itself and inside jit()", () =>
  tf.tidy(() => {
    const compute = (a: tf.Tensor, b: tf.Tensor) => [
      tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
      tf.relu(tf.sub(tf.mean(a, 0), 0.1)),
    ];
    for (const compiled of bothWays(compute as Compute)) {
      for (const rows of [3, 3, 5, 3]) {
        const inputs = [matrix(rows, 4), matrix(4, 2)] as const;
        const outputs = compiled(...inputs);
        compute(...inputs).forEach((expected, index) => assertLess(gap(outputs[index]!, expected), 1e-6));
      }
    }
  }));

Deno.test("jit() treats tensors from outside as constants, and runs a function that reads values uncompiled", () =>
  tf.tidy(() => {
    const two = tf.scalar(2);
    const doubled = engine().jit((x) => [tf.mul(x!, two)]);
    assertEquals(doubled(tf.tensor1d([1, 2]))[0]!.arraySync(), [2, 4]);
    const reading = engine().jit((x) => [tf.tensor1d([...x!.dataSync()].reverse())], { name: "reads" });
    assertEquals(reading(tf.tensor1d([1, 2]))[0]!.arraySync(), [2, 1]);
    assertEquals(reading(tf.tensor1d([3, 4]))[0]!.arraySync(), [4, 3]);
  }));

Deno.test("jit() passes on what the function throws, and works again afterwards", () => {
  const picky = engine().jit((x) => {
    if (x!.shape[0] === 2) throw new TypeError("no pairs");
    return [tf.neg(x!)];
  });
  const before = tf.memory().numTensors;
  tf.tidy(() => assertEquals(assertThrows(() => picky(tf.tensor1d([1, 2])), TypeError).message, "no pairs"));
  tf.tidy(() => assertEquals(picky(tf.tensor1d([1, 2, 3]))[0]!.arraySync(), [-1, -2, -3]));
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("fused() has the function's value and gradient, small and large, eager and inside a compiled function", () =>
  tf.tidy(() => {
    const plain = (x: tf.Tensor, y: tf.Tensor, mask: tf.Tensor) =>
      tf.where(mask, tf.mul(tf.sigmoid(x), tf.exp(y)), tf.square(x));
    type Plain = (...inputs: tf.Tensor[]) => tf.Tensor;
    for (const [rows, columns] of [[5, 7], [256, 260]] as const) {
      const fusion = fused(plain as Plain, { name: "fused test" });
      const [x, y] = [matrix(rows, columns), matrix(rows, columns, 2)];
      const mask = tf.greater(matrix(rows, columns, 3), 0);
      const value = (compute: Plain) => (a: tf.Tensor, b: tf.Tensor) =>
        tf.sum<tf.Scalar>(tf.mul(compute(a, b, mask), matrix(rows, columns, 4)));
      const gradients = (compute: Plain) => tf.grads(value(compute) as (...inputs: tf.Tensor[]) => tf.Scalar);
      const expected = gradients(plain as Plain)([x, y]);
      const compiled = engine().jit((a, b) => gradients(fusion)([a!, b!]));
      for (const actual of [gradients(fusion)([x, y]), compiled(x, y)]) {
        actual.forEach((gradient, index) => assertLess(gap(gradient, expected[index]!), 1e-6));
      }
      assertLess(gap(fusion(x, y, mask), plain(x, y, mask)), 1e-6);
    }
  }));

Deno.test("jit() returns new tensors, even for an argument, a constant, or one tensor twice", () => {
  const constant = tf.scalar(7);
  const before = tf.memory().numTensors;
  const passing = engine().jit((x) => {
    const double = tf.mul(x!, 2);
    return [x!, constant, double, double];
  });
  const argument = tf.tensor1d([1, 2]);
  for (let call = 0; call < 2; call++) {
    const outputs = passing(argument);
    assertEquals(outputs.map((output) => output.arraySync()), [[1, 2], 7, [2, 4], [2, 4]]);
    assert(outputs[0] !== argument);
    outputs[2]!.dispose();
    assertEquals(outputs[3]!.arraySync(), [2, 4]);
    tf.dispose([outputs[0]!, outputs[1]!, outputs[3]!]);
    assertEquals([argument.arraySync(), constant.arraySync()], [[1, 2], 7]);
  }
  argument.dispose();
  assertEquals(tf.memory().numTensors, before);
  constant.dispose();
});

Deno.test("jit() and kernel() inside jit() compute the same", () =>
  tf.tidy(() => {
    const plain = (x: tf.Tensor) => tf.tanh(tf.add(x, 1)) as tf.Tensor2D;
    for (const size of [5, 260]) {
      for (const inner of [engine().jit((x) => [plain(x!)]), kernel((x) => [plain(x!)])]) {
        const outer = engine().jit((x) => [tf.matMul(inner(x!)[0] as tf.Tensor2D, inner(x!)[0] as tf.Tensor2D)]);
        const x = matrix(size, size);
        assertLess(gap(outer(x)[0]!, tf.matMul(plain(x), plain(x))), 1e-4);
      }
    }
  }));

Deno.test("jit() under a gradient runs uncompiled, so that there is a gradient", () =>
  tf.tidy(() => {
    for (const cubed of bothWays((x) => [tf.pow(x!, 3)])) {
      cubed(tf.tensor1d([1, 1])); // compiled already
      const gradient = tf.grad((x) => tf.sum(cubed(x)[0]!))(tf.tensor1d([2, -1]));
      assert(gap(gradient, [12, 3]) < 1e-4);
    }
  }));

Deno.test("jit() may reuse the memory of an argument, but not of one that has clones or is passed twice", () => {
  const before = tf.memory().numTensors;
  const distinct = (tensor: tf.Tensor) => [...new Set(tensor.dataSync())];
  const compute: Compute = (x, y, z) => [tf.sum(x!), tf.add(x!, z!), tf.mul(y!, 2)];
  for (const move of bothWays(compute, { donate: [undefined, 0, 1] })) {
    const z = tf.fill([KERNEL_SIZE], 0.5);
    let x: tf.Tensor = tf.ones([KERNEL_SIZE]), y: tf.Tensor = tf.fill([KERNEL_SIZE], 3);
    for (let step = 0; step < 3; step++) {
      const copy = tf.clone(x);
      const [sum, nextX, nextY] = move(x, y, z) as [tf.Tensor, tf.Tensor, tf.Tensor];
      assertEquals([sum.dataSync()[0], distinct(copy)], [KERNEL_SIZE * (1 + step / 2), [1 + step / 2]]);
      tf.dispose([x, y, sum, copy]);
      [x, y] = [nextX, nextY];
      assertEquals([distinct(x), distinct(y), distinct(z)], [[1.5 + step / 2], [3 * 2 ** (step + 1)], [0.5]]);
    }
    const [sum, sumOfBoth, double] = move(x, x, z) as [tf.Tensor, tf.Tensor, tf.Tensor];
    assertEquals([sum.dataSync()[0], distinct(sumOfBoth), distinct(double)], [2.5 * KERNEL_SIZE, [3], [5]]);
    tf.dispose([x, y, z, sum, sumOfBoth, double]);
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("jit() refuses to donate an argument that does not fit its output, by the function's name, small and large", () => {
  const before = engine().memory().tensors;
  tf.tidy(() => {
    for (const size of [3, KERNEL_SIZE]) {
      const x = tf.ones([size]), next = (x: tf.Tensor) => tf.add(x, 1);
      for (
        const [compute, donate, ...parts] of [
          [(x) => [tf.sum(x!)], [0], "argument 0", `float32[${size}]`, "output 0", "float32[]"],
          [(x) => [tf.cast(x!, "int32")], [0], `float32[${size}]`, `int32[${size}]`],
          [(x) => [next(x!)], [1], "argument 1", "does not exist"],
          [(x) => [next(x!)], [undefined, 0], "output 1", "does not exist"],
          [(x) => [next(x!)], [undefined, 1], "argument 1", "output 1", "does not exist"],
          [(x) => [next(x!), tf.neg(x!)], [0, 0], "outputs 0 and 1"],
        ] as [Compute, (number | undefined)[], ...string[]][]
      ) {
        const misfit = engine().jit(compute, { name: "misfit", donate });
        const { message } = assertThrows(() => misfit(x));
        for (const part of ['"misfit"', ...parts]) assertStringIncludes(message, part);
      }
      assertEquals(next(x).dataSync()[0], 2);
    }
  });
  assertEquals(engine().memory().tensors, before);
});

Deno.test("jit() of a function without outputs has none", () =>
  tf.tidy(() => {
    const nothing = engine().jit(() => [], { name: "nothing" });
    assertEquals([nothing(), nothing(tf.ones([2])), nothing(tf.ones([2]))], [[], [], []]);
  }));
