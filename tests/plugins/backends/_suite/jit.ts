/**
 * What `jit()` and `fused()` promise on every backend, compiled or not.
 *
 * @module
 */
import { engine, fused, KERNEL_SIZE, tf } from "@opf/framework";
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { gap, matrix } from "../../../_tensors.ts";

Deno.test("jit() computes what the function computes, whatever the shapes", () =>
  tf.tidy(() => {
    const compute = (a: tf.Tensor, b: tf.Tensor) => [
      tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
      tf.relu(tf.sub(tf.mean(a, 0), 0.1)),
    ];
    for (const kernel of [false, true]) {
      const compiled = engine().jit(compute as (...inputs: tf.Tensor[]) => tf.Tensor[], { kernel });
      for (const rows of [3, 3, 5, 3]) {
        const inputs = [matrix(rows, 4), matrix(4, 2)] as const;
        const found = compiled(...inputs);
        compute(...inputs).forEach((wanted, at) => assertLess(gap(found[at]!, wanted), 1e-6));
      }
    }
  }));

Deno.test("jit() takes tensors that it finds as constants, and runs what reads values as it is", () =>
  tf.tidy(() => {
    const other = tf.scalar(2);
    const doubled = engine().jit((x) => [tf.mul(x!, other)]);
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

Deno.test("fused() has the function's value and gradient, eager and inside a compiled function", () =>
  tf.tidy(() => {
    const plain = (x: tf.Tensor, y: tf.Tensor, keep: tf.Tensor) =>
      tf.where(keep, tf.mul(tf.sigmoid(x), tf.exp(y)), tf.square(x));
    const kernel = fused(plain as (...inputs: tf.Tensor[]) => tf.Tensor, { name: "fused test" });
    const [x, y] = [matrix(5, 7), matrix(5, 7, 2)];
    const keep = tf.greater(matrix(5, 7, 3), 0);
    const value = (own: (...inputs: tf.Tensor[]) => tf.Tensor) => (a: tf.Tensor, b: tf.Tensor) =>
      tf.sum<tf.Scalar>(tf.mul(own(a, b, keep), matrix(5, 7, 4)));
    const both = (own: (...inputs: tf.Tensor[]) => tf.Tensor) =>
      tf.grads(value(own) as (...inputs: tf.Tensor[]) => tf.Scalar)([x, y]);
    const wanted = both(plain as (...inputs: tf.Tensor[]) => tf.Tensor);
    const compiled = engine().jit((a, b) => tf.grads(value(kernel) as (...inputs: tf.Tensor[]) => tf.Scalar)([a!, b!]));
    for (const found of [both(kernel), compiled(x, y)]) {
      found.forEach((gradient, at) => assertLess(gap(gradient, wanted[at]!), 1e-6));
    }
    assertLess(gap(kernel(x, y, keep), plain(x, y, keep)), 1e-6);
  }));

Deno.test("jit() gives tensors of their own, even for an argument, a constant, or one tensor twice", () => {
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

Deno.test("jit() inside jit() computes the same, as a kernel of its own or not", () =>
  tf.tidy(() => {
    const plain = (x: tf.Tensor) => tf.tanh(tf.add(x, 1));
    for (const kernel of [false, true]) {
      const inner = engine().jit((x) => [plain(x!)], { kernel });
      const outer = engine().jit((x) => [tf.matMul(inner(x!)[0] as tf.Tensor2D, inner(x!)[0] as tf.Tensor2D)]);
      const x = matrix(5, 5);
      assert(gap(outer(x)[0]!, tf.matMul(plain(x) as tf.Tensor2D, plain(x) as tf.Tensor2D)) < 1e-5);
    }
  }));

Deno.test("jit() under a gradient runs as it is, so that the gradient is there", () =>
  tf.tidy(() => {
    const cubed = engine().jit((x) => [tf.pow(x!, 3)], { kernel: true });
    cubed(tf.tensor1d([1, 1])); // compiled already
    const slope = tf.grad((x) => tf.sum(cubed(x)[0]!))(tf.tensor1d([2, -1]));
    assert(gap(slope, [12, 3]) < 1e-4);
  }));

Deno.test("jit() may write where an argument was: clones stay what they were, and so does what is given twice", () => {
  const before = tf.memory().numTensors;
  const all = (tensor: tf.Tensor) => [...new Set(tensor.dataSync())];
  for (const kernel of [false, true]) {
    const move = engine().jit(
      (x, y, z) => [tf.sum(x!), tf.add(x!, z!), tf.mul(y!, 2)],
      { kernel, donate: [undefined, 0, 1] },
    );
    const z = tf.fill([KERNEL_SIZE], 0.5);
    let x: tf.Tensor = tf.ones([KERNEL_SIZE]), y: tf.Tensor = tf.fill([KERNEL_SIZE], 3);
    for (let step = 0; step < 3; step++) {
      const copy = tf.clone(x);
      const [sum, nextX, nextY] = move(x, y, z) as [tf.Tensor, tf.Tensor, tf.Tensor];
      assertEquals([sum.dataSync()[0], all(copy)], [KERNEL_SIZE * (1 + step / 2), [1 + step / 2]]);
      tf.dispose([x, y, sum, copy]);
      [x, y] = [nextX, nextY];
      assertEquals([all(x), all(y), all(z)], [[1.5 + step / 2], [3 * 2 ** (step + 1)], [0.5]]);
    }
    const [sum, sumOfBoth, double] = move(x, x, z) as [tf.Tensor, tf.Tensor, tf.Tensor];
    assertEquals([sum.dataSync()[0], all(sumOfBoth), all(double)], [2.5 * KERNEL_SIZE, [3], [5]]);
    tf.dispose([x, y, z, sum, sumOfBoth, double]);
  }
  assertEquals(tf.memory().numTensors, before);
});
