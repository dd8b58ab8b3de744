import { engine, tf } from "@opf/framework";
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("tensors hold what they were given, whatever their type and shape", () =>
  tf.tidy(() => {
    const floats = [0, -0, 1.5, -1e30, 2 ** -140, Infinity, -Infinity, NaN];
    assertEquals([...tf.tensor1d(floats).dataSync()], floats.map(Math.fround));
    const whole = [0, -1, 2 ** 31 - 1, -(2 ** 31)];
    assertEquals([...tf.tensor1d(whole, "int32").dataSync()], whole);
    assertEquals([...tf.tensor1d([true, false, true], "bool").dataSync()], [1, 0, 1]);
    assertEquals(tf.scalar(3).shape, []);
    for (const shape of [[0], [0, 3], [3, 0, 2]]) {
      assertEquals(tf.zeros(shape).dataSync().length, 0);
      assertEquals(tf.add(tf.zeros(shape), 1).shape, shape);
    }
    assertEquals(tf.sum(tf.zeros([0, 3]), 0).arraySync(), [0, 0, 0]);
    assertEquals(tf.zeros([1, 1, 2, 1, 3, 1]).shape, [1, 1, 2, 1, 3, 1]);
  }));

Deno.test("values that are read, and values that were given, are copies", () =>
  tf.tidy(() => {
    const given = Float32Array.of(1, 2);
    const tensor = tf.tensor1d(given);
    given[0] = 9;
    const read = tensor.dataSync();
    read[1] = 9;
    assertEquals(tensor.arraySync(), [1, 2]);
  }));

Deno.test("a tensor of a compiled function cannot be used outside of it", () => {
  let inner: tf.Tensor | undefined;
  const leaky = engine().jit((x) => {
    inner = tf.keep(tf.mul(x!, 2));
    return [tf.add(inner, 1)];
  });
  tf.tidy(() => {
    assertEquals(leaky(tf.tensor1d([1]))[0]!.arraySync(), [3]);
    const { message } = assertThrows(() => tf.neg(inner!));
    assertStringIncludes(message, "outside the compiled function in which it was made");
    assertThrows(() => inner!.dataSync());
  });
  inner!.dispose();
});

Deno.test("an op that fails leaves nothing behind, and the next one works", () => {
  const [x, y] = [tf.zeros([2, 3]), tf.zeros([4])];
  const before = [tf.memory().numTensors, engine().memory().tensors];
  const backend = tf.backend() as unknown as {
    executeSingleOutput(name: string, attributes: unknown[], inputs: tf.Tensor[]): tf.Tensor;
  };
  const type = { name: "T", type: 4, value: 1 };
  for (let times = 0; times < 3; times++) {
    assertThrows(
      () => backend.executeSingleOutput("BiasAdd", [type], [x, y]),
      Error,
      "BiasAdd(float32[2,3], float32[4])",
    );
    assertThrows(() => backend.executeSingleOutput("Neg", [{ ...type, value: 99 }], [x]), Error, "Neg(float32[2,3])");
    assertThrows(() => backend.executeSingleOutput("Neg", [{ ...type, type: 77 }], [x]), Error, '"T"');
    assertEquals([tf.memory().numTensors, engine().memory().tensors], before);
  }
  tf.tidy(() => assertEquals(tf.add(y, 1).arraySync(), [1, 1, 1, 1]));
  tf.dispose([x, y]);
});

Deno.test("memory() counts tensors, and its peak is the most since it was reset", () => {
  const size = 64 * 2 ** 20; // bytes
  engine().memory({ resetPeak: true });
  const before = engine().memory();
  const large = tf.ones([size / 4]);
  large.dataSync();
  assertEquals(engine().memory().tensors, before.tensors + 1);
  large.dispose();
  const after = engine().memory();
  assertEquals(after.tensors, before.tensors);
  assertLess(0.9 * size, after.peakBytes - before.residentBytes);
  if (Deno.build.os === "linux") {
    // The copy that was read lies with V8, which frees it when it likes; the library's own is given back.
    engine().memory({ resetPeak: true });
    assertLess(engine().memory().peakBytes, after.peakBytes);
  }
  assert(after.residentBytes > 0 && after.peakBytes >= after.residentBytes);
});

Deno.test("making and reading tensors leaves resident memory flat", () => {
  const values = new Float32Array(2 ** 16).fill(1); // 256 KiB
  const round = () => {
    for (let times = 0; times < 400; times++) {
      const tensor = tf.tensor1d(values);
      tensor.dataSync();
      tensor.dispose();
    }
  };
  round(); // until pools and V8's garbage have their size
  const before = engine().memory().residentBytes;
  round();
  // Either of the two native copies, if it were kept, would be 105 MB.
  assertLess(engine().memory().residentBytes - before, 0.6 * 400 * values.byteLength);
});
