// Together: plugins/backends/xla/_kernels/ and _backend.ts, with inputs that code seldom has.
import { engine, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

useEngine(await xla.start({ device: "cpu" }));

const integers = (...values: number[]) => tf.tensor1d(values, "int32");
const valuesOf = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

Deno.test("what is not a number is never the place of the largest or smallest, which is always in the tensor", () =>
  tf.tidy(() => {
    for (
      const [values, largest, smallest] of [
        [[NaN, 1, 2], 2, 1],
        [[1, NaN, 2], 2, 0],
        [[2, 1, NaN], 0, 1],
        [[NaN, NaN], 0, 0],
        [[-Infinity, NaN], 0, 0],
      ] as const
    ) {
      const x = tf.tensor1d([...values]);
      assertEquals([...valuesOf(tf.argMax(x)), ...valuesOf(tf.argMin(x))], [largest, smallest], `${values}`);
    }
  }));

Deno.test("the larger and the smaller of what is not a number is none", () =>
  tf.tidy(() => {
    const [x, y] = [tf.tensor1d([NaN, 1, NaN, 1]), tf.tensor1d([1, NaN, NaN, 2])];
    assertEquals(valuesOf(tf.maximum(x, y)), [NaN, NaN, NaN, 2]);
    assertEquals(valuesOf(tf.minimum(x, y)), [NaN, NaN, NaN, 1]);
  }));

Deno.test("integers are finite numbers, have exponentials and reciprocals, and infinite bounds clip none", () =>
  tf.tidy(() => {
    const x = integers(-5, 0, 7);
    assertEquals([tf.isFinite(x), tf.isNaN(x), tf.isInf(x)].map(valuesOf), [[1, 1, 1], [0, 0, 0], [0, 0, 0]]);
    assertEquals(tf.reciprocal(integers(2, -4)).arraySync() as unknown, [0.5, -0.25]);
    assertEquals(tf.exp(x).dtype, "float32");
    assertEquals(valuesOf(tf.clipByValue(x, -Infinity, Infinity)), [-5, 0, 7]);
    assertEquals(valuesOf(tf.clipByValue(x, 0, 1e12)), [0, 0, 7]);
  }));

Deno.test("any byte but zero is true", () =>
  tf.tidy(() => {
    const truth = tf.tensor(new Uint8Array([2, 0, 255, 1]), [4], "bool");
    assertEquals(valuesOf(tf.sum(truth)), [3]);
    assertEquals(valuesOf(tf.logicalNot(truth)), [0, 1, 0, 0]);
  }));

Deno.test("operands of types that do not go together are an error with the kernel, and spoil no other value", () => {
  const before = engine().memory().tensors;
  tf.tidy(() => {
    const [truth, x] = [tf.cast(integers(1, 0), "bool"), tf.tensor1d([1.5, 2])];
    const other = tf.exp(x);
    for (
      const [compute, ...parts] of [
        [() => tf.sub(truth, truth), "Sub(bool[2], bool[2])", '"subtract"'],
        [() => tf.neg(truth), "Neg(bool[2])"],
        [() => tf.where(truth, integers(1, 2), tf.neg(other)), "Select(", "i32 and f32"],
        [() => tf.concat([integers(1), x as tf.Tensor]), "Concat(int32[1], float32[2])"],
      ] as [() => tf.Tensor, ...string[]][]
    ) {
      const { message } = assertThrows(compute);
      for (const part of parts) assertStringIncludes(message, part);
    }
    assertEquals(valuesOf(tf.log(other)).map((value) => value.toFixed(5)), ["1.50000", "2.00000"]);
  });
  assertEquals(engine().memory().tensors, before);
});

Deno.test("operands of shapes that do not fit are an error with the kernel, where it is called", () =>
  tf.tidy(() => {
    const [two, three, square, wide] = [tf.ones([2]), tf.ones([3]), tf.ones([2, 2]), tf.ones([2, 3])];
    for (
      const [compute, ...parts] of [
        [() => tf.matMul(square, tf.ones([3, 3])), "BatchMatMul(float32[2,2], float32[3,3])", "[1] of [2,2]"],
        [() => tf.matMul(wide, wide), "BatchMatMul("],
        [() => tf.matMul(two as tf.Tensor, square), "expected matrices"],
        [() => tf.concat([square, wide]), "Concat(", "[2,2] and [2,3]"],
        [() => tf.concat([square, two] as tf.Tensor[]), "Concat("],
        [() => tf.stack([two, three]), "Pack("],
        [() => tf.slice(three, [2], [4]), "Slice(", "[2] to [6]"],
        [() => tf.slice(three, [0, 0], [1, 1]), "Slice("],
        [() => tf.transpose(square, [0, 0]), "Transpose(", "[0,0]"],
        [() => tf.pad(square, [[1, 1]]), "PadV2("],
        [() => tf.pad(three, [[-1, 0]]), "PadV2("],
        [() => tf.gather(square, integers(0, 1, 1).reshape([3, 1]), 1, 1), "GatherV2("],
        [() => tf.gatherND(square, integers(0, 0, 0).reshape([1, 3])), "GatherNd("],
        [() => tf.unsortedSegmentSum(three, integers(0, 1), 2), "UnsortedSegmentSum("],
        [() => tf.sum(square, [0, 0]), "Sum(", "[0,0]"],
      ] as [() => tf.Tensor, ...string[]][]
    ) {
      const { message } = assertThrows(compute);
      for (const part of parts) assertStringIncludes(message, part);
    }
  }));

Deno.test("a known index that is not there is an error with the kernel", () =>
  tf.tidy(() => {
    const [x, indices] = [tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[0, 1], [0, 5]], [2, 2], "int32")];
    const updates = tf.tensor1d([7, 8]);
    for (
      const [name, compute] of [
        ["GatherNd", () => tf.gatherND(x, indices)],
        ["ScatterNd", () => tf.scatterND(indices, updates, [2, 2])],
        ["TensorScatterUpdate", () => tf.tensorScatterUpdate(x, indices, updates)],
      ] as const
    ) {
      assertThrows(compute, RangeError, `${name}: the index 5 is not in [0, 2)`);
    }
  }));

Deno.test("a value that left its compiled function, and a disposed one, say so", () => {
  const left: tf.Tensor[] = [];
  const leaking = engine().jit((x) => {
    left.push(tf.keep(tf.exp(x!)));
    return [tf.neg(left[0]!)];
  });
  const x = tf.tensor1d([0]);
  const outputs = leaking(x);
  assertEquals(valuesOf(outputs[0]!), [-1]);
  for (const read of [() => left[0]!.dataSync(), () => tf.add(left[0]!, 1).dataSync()]) {
    assertStringIncludes(assertThrows(read).message, "return it from the function");
  }
  tf.dispose([x, ...outputs, ...left]);
  assertStringIncludes(assertThrows(() => tf.tidy(() => tf.add(x, 1))).message, "disposed");
});

Deno.test("an infinite matrix has no singular values", () =>
  tf.tidy(() => {
    for (const value of [Infinity, NaN]) {
      assertThrows(() => engine().svd(tf.tensor2d([[value, 1], [1, 1]])), Error, "finite");
    }
  }));

Deno.test("a function without inputs, or with constant outputs, leaves no tensor behind", () => {
  const before = engine().memory().tensors;
  tf.tidy(() => {
    const constant = engine().jit(() => [tf.ones([3, 5]), tf.add(tf.ones([2, 2]), 1)]);
    assertEquals(constant().map(valuesOf), [Array(15).fill(1), [2, 2, 2, 2]]);
  });
  assertEquals(engine().memory().tensors, before);
});
