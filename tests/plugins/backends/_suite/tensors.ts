/**
 * What tensors promise on every backend: values in, values out, and memory.
 *
 * @module
 */
import { engine, fused, tf } from "@opf/framework";
import { assert, assertEquals, assertLess } from "@std/assert";
import { matrix } from "../../../_tensors.ts";

// WebAssembly's own memory, else that of the process, whose part of the library cannot be separated from V8's.
function maxRetainedBytes(): number {
  const { wasm } = tf.backend() as { wasm?: { HEAPU8: Uint8Array } };
  return wasm?.HEAPU8.length ?? engine().memory().residentBytes;
}

Deno.test("tensors hold the values they were created with, for all types and shapes", () =>
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

Deno.test("tensors copy the values they are created with, and reading copies them again", () =>
  tf.tidy(() => {
    const given = Float32Array.of(1, 2);
    const tensor = tf.tensor1d(given);
    given[0] = 9;
    const read = tensor.dataSync();
    read[1] = 9;
    assertEquals(tensor.arraySync(), [1, 2]);
  }));

Deno.test("memory() counts tensors, and its peak is the largest value since the last reset", () => {
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
  assert(after.residentBytes > 0 && after.peakBytes >= after.residentBytes);
});

Deno.test("creating and reading tensors leaves resident memory flat", () => {
  const values = new Float32Array(2 ** 16).fill(1); // 256 KiB
  const round = () => {
    for (let times = 0; times < 400; times++) {
      const tensor = tf.tensor1d(values);
      tensor.dataSync();
      tensor.dispose();
    }
  };
  round(); // until pools and V8's heap have reached their size
  const before = maxRetainedBytes();
  round();
  // Leaking either of the two native copies would take 105 MB.
  assertLess(maxRetainedBytes() - before, 0.6 * 400 * values.byteLength);
});

Deno.test("200 steps leave the number of tensors and memory flat", () => {
  const size = 192;
  const layer = fused((x, bias, mask) => tf.where(mask as tf.Tensor, tf.tanh(tf.add(x!, bias!)), 0), {
    name: "leak test",
  });
  const train = engine().jit((weight, bias, key) => {
    const mask = engine().randomMask(key!, [size, size], { rate: 0.5 });
    const loss = (w: tf.Tensor, b: tf.Tensor) =>
      tf.sum<tf.Scalar>(layer(tf.matMul(w as tf.Tensor2D, w as tf.Tensor2D), b, mask));
    const [dw, db] = tf.grads(loss as (...inputs: tf.Tensor[]) => tf.Scalar)([weight!, bias!]);
    return [tf.sub(weight!, tf.mul(dw!, 1e-3)), tf.sub(bias!, tf.mul(db!, 1e-3))];
  });
  let weight: tf.Tensor = matrix(size, size), bias: tf.Tensor = tf.zeros([size]);
  const step = (number: number) => {
    const [nextWeight, nextBias] = tf.tidy(() => train(weight, bias, tf.tensor1d([number, 1], "int32")));
    tf.dispose([weight, bias]);
    [weight, bias] = [nextWeight!, nextBias!];
    tf.tidy(() => engine().svd(tf.slice2d(weight as tf.Tensor2D, [0, 0], [24, 24])).s.dataSync());
    // What TensorFlow.js tracks, and what the library holds.
    return [tf.memory().numTensors, engine().memory().tensors];
  };
  const settled = Array.from({ length: 200 }, (_, number) => step(number)).at(-1);
  const held = maxRetainedBytes();
  for (let number = 0; number < 200; number++) assertEquals(step(number), settled);
  // A leak of one weight a step would be 29 MB; the pools of the library and of V8 move by some megabytes.
  assertLess(maxRetainedBytes() - held, 0.6 * 200 * size * size * 4);
  tf.dispose([weight, bias]);
});
