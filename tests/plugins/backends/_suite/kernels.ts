/**
 * Operations whose kernels are our own on one backend or another.
 *
 * @module
 */
import { engine, tf } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { matrix } from "../../../_tensors.ts";

type Rows = number[][];

Deno.test("gather selects rows and columns by index, eager and compiled", () =>
  tf.tidy(() => {
    const table = matrix(5, 3);
    const rows = table.arraySync() as Rows;
    const compiled = engine().jit((x, at) => [tf.gather(x!, at as tf.Tensor1D), tf.gather(x!, at as tf.Tensor1D, 1)]);
    for (const numbers of [[0, 2, 2, 1], [2, 1, 0, 0]]) { // the second call has other values in the same shapes
      const at = tf.tensor1d(numbers, "int32");
      for (const [byRow, byColumn] of [[tf.gather(table, at), tf.gather(table, at, 1)], compiled(table, at)]) {
        assertEquals(byRow!.arraySync(), numbers.map((number) => rows[number]!));
        assertEquals(byColumn!.arraySync(), rows.map((row) => numbers.map((number) => row[number]!)));
      }
    }
  }));

Deno.test("gather accepts indices of any shape, other types, and indices per batch", () =>
  tf.tidy(() => {
    const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]], undefined, "int32");
    const square = tf.tensor2d([[2, 0], [1, 1]], undefined, "int32");
    assertEquals(tf.gather(table, square).arraySync() as unknown, [[[5, 6], [1, 2]], [[3, 4], [3, 4]]]);
    assertEquals(tf.gather(table, tf.scalar(1, "int32") as unknown as tf.Tensor1D).arraySync() as unknown, [3, 4]);
    const own = tf.tensor2d([[1, 0], [0, 0], [1, 1]], undefined, "int32");
    assertEquals(tf.gather(table, own, 1, 1).arraySync(), [[2, 1], [3, 3], [6, 6]]);
    assertEquals(tf.gather(table, tf.tensor1d([], "int32")).shape, [0, 2]);
  }));

Deno.test("the gradient of gather adds up for a row that is selected twice", () =>
  tf.tidy(() => {
    const at = tf.tensor1d([2, 0, 2], "int32");
    const weights = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
    const gradient = tf.grad((x) => tf.sum(tf.mul(tf.gather(x, at), weights)))(matrix(3, 2));
    assertEquals(gradient.arraySync() as Rows, [[3, 4], [0, 0], [6, 8]]);
  }));

Deno.test("gather rejects an index out of range, by name", () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const { message } = assertThrows(() => tf.gather(matrix(5, 3), tf.tensor1d([1, 5], "int32")));
    assert(message.includes("GatherV2") && message.includes("5 is not in [0, "), message);
  });
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("transpose moves every element to its permuted position", () =>
  tf.tidy(() => {
    for (
      const [shape, perm] of [
        [[], []],
        [[3], [0]],
        [[3, 5], [1, 0]],
        [[2, 3, 1, 4], [0, 2, 1, 3]],
        [[2, 3, 4, 5, 2], [2, 0, 3, 1, 4]],
        [[2, 0, 3], [2, 1, 0]],
      ] as [number[], number[]][]
    ) {
      const x = tf.reshape(tf.range(0, tf.util.sizeFromShape(shape), 1, "int32"), shape);
      const turned = tf.transpose(x, perm);
      assertEquals(turned.shape, perm.map((axis) => shape[axis]!));
      const [own, other] = [tf.util.computeStrides(shape), tf.util.computeStrides(turned.shape)];
      const values = turned.dataSync();
      x.dataSync().forEach((value, at) => {
        const place = tf.util.indexToLoc(at, shape.length, own);
        const index = tf.util.locToIndex(perm.map((axis) => place[axis]!), shape.length, other);
        assertEquals(values[index], value);
      });
    }
  }));

Deno.test("split and unstack invert concat and stack along every axis", () =>
  tf.tidy(() => {
    for (const axis of [0, 1, 2, -1]) {
      const whole = tf.reshape(tf.range(0, 4 * 4 * 4, 1, "int32"), [4, 4, 4]);
      const parts = tf.split(whole, [1, 0, 3], axis);
      assertEquals(parts.map(({ size }) => size), [16, 0, 48]);
      assertEquals(tf.concat(parts, axis).arraySync(), whole.arraySync());
      const rows = tf.unstack(whole, axis);
      assertEquals(rows.map(({ shape }) => shape), Array(4).fill([4, 4]));
      assertEquals(tf.stack(rows, axis).arraySync(), whole.arraySync());
    }
    const [first, second] = tf.split(tf.tensor2d([[1, 2, 3], [4, 5, 6]]), [2, 1], 1);
    assertEquals([first!.arraySync(), second!.arraySync()] as unknown[], [[[1, 2], [4, 5]], [[3], [6]]]);
    assertEquals(tf.unstack(tf.tensor2d([[true, false], [true, true]], undefined, "bool"), 1)[1]!.arraySync(), [0, 1]);
  }));

Deno.test("unsortedSegmentSum adds rows by segment, in any order, and gives zeros for empty segments", () =>
  tf.tidy(() => {
    const rows = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]);
    const sums = tf.unsortedSegmentSum(rows, tf.tensor1d([3, 0, 3, 0], "int32"), 5);
    assertEquals(sums.arraySync() as Rows, [[10, 12], [0, 0], [0, 0], [6, 8], [0, 0]]);
    const deep = tf.unsortedSegmentSum(tf.reshape(rows, [2, 2, 2]), tf.tensor1d([1, 1], "int32"), 2);
    assertEquals(deep.arraySync() as unknown, [[[0, 0], [0, 0]], [[6, 8], [10, 12]]]);
    const whole = tf.unsortedSegmentSum(tf.tensor1d([2 ** 24, 1, 1], "int32"), tf.tensor1d([0, 0, 0], "int32"), 1);
    assertEquals([whole.dtype, ...whole.dataSync()], ["int32", 2 ** 24 + 2]);
  }));

Deno.test("cast makes all nonzero values true, and truncates toward zero", () =>
  tf.tidy(() => {
    const values = [0, 0.5, -0.25, 256, -1.75, 2.5];
    assertEquals([...tf.cast(tf.tensor1d(values), "bool").dataSync()], [0, 1, 1, 1, 1, 1]);
    assertEquals([...tf.cast(tf.tensor1d([0, 256, -1], "int32"), "bool").dataSync()], [0, 1, 1]);
    assertEquals(
      [...tf.cast(tf.tensor1d(values), "int32").dataSync()],
      [0, 0, -0, 256, -1, 2].map((value) => value + 0),
    );
  }));

Deno.test("integers are exact where float32 would round", () =>
  tf.tidy(() => {
    const large = tf.tensor2d([[2 ** 24 + 1, 2 ** 30 + 1], [3, -5]], undefined, "int32");
    assertEquals(tf.sum(large, 1).arraySync(), [2 ** 24 + 2 ** 30 + 2, -2]);
    assertEquals(tf.add(large, tf.scalar(1, "int32")).arraySync() as Rows, [[2 ** 24 + 2, 2 ** 30 + 2], [4, -4]]);
    assertEquals(
      tf.mul(large, large).arraySync() as Rows,
      [[2 ** 25 + 1, 2 ** 31 + 1 - 2 ** 32], [9, 25]].map((row) => row.map((value) => value | 0)),
    );
    assertEquals(tf.max(large, 0).arraySync(), [2 ** 24 + 1, 2 ** 30 + 1]);
    assertEquals(tf.equal(large, tf.scalar(2 ** 24, "int32")).dataSync().some(Boolean), false);
    assertEquals(tf.gather(large, tf.tensor1d([1, 0], "int32")).arraySync()[1], [2 ** 24 + 1, 2 ** 30 + 1]);
  }));

Deno.test("a sum of squares is exact for small tensors, eager and compiled, and to 1e-6 for large ones", () =>
  tf.tidy(() => {
    const sumOfSquares = (x: tf.Tensor) => tf.sum(tf.square(x));
    const compiled = engine().jit((x) => [sumOfSquares(x!), tf.square(x!)]);
    for (
      const [tensor, expected] of [
        [tf.scalar(-3), 9],
        [tf.tensor3d([[[1, 2]], [[3, -4]]]), 30],
        [tf.zeros([0]), 0],
        [tf.tensor1d([3, -5], "int32"), 34],
      ] as const
    ) {
      const [sum, squares] = compiled(tensor) as [tf.Tensor, tf.Tensor];
      assertEquals([sumOfSquares(tensor).dataSync()[0], sum.dataSync()[0]], [expected, expected]);
      assertEquals([sum.dtype, squares.arraySync()], [tensor.dtype, tf.square(tensor).arraySync()]);
    }
    // Sums that are not over all axes, or keep them.
    const partial = engine().jit((x) => [tf.sum(tf.square(x!), 0), tf.sum(tf.square(x!), [0, 1], true)]);
    const [byColumn, kept] = partial(tf.tensor2d([[1, 2], [3, 4]])) as [tf.Tensor, tf.Tensor];
    assertEquals([byColumn.arraySync(), kept.arraySync()] as unknown, [[10, 20], [[30]]]);
    const large = tf.fill([3000, 1001], 0.25);
    assertAlmostEquals(compiled(large)[0]!.dataSync()[0]! / (large.size / 16), 1, 1e-6);
  }));
