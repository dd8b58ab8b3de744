/**
 * What random numbers are on every backend: the same bits.
 *
 * @module
 */
import { engine, KERNEL_SIZE, RandomKey, tf } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { philox } from "../../../_philox.ts";

const words = (key: readonly number[], counter: number, count: number) =>
  Array.from({ length: Math.ceil(count / 4) }, (_, block) => philox(key, [block, 0, counter, 0]))
    .flat().slice(0, count);

// Two elements per word, the lower half first, kept if the half is at least rate · 65536.
const maskOf = (words: Iterable<number>, rate: number): Uint8Array =>
  Uint8Array.from(new Uint16Array(Uint32Array.from(words).buffer), (half) => half >= rate * 65536 ? 1 : 0);

Deno.test("random numbers are those of the key, eager and compiled, and masks keep the expected share", () =>
  tf.tidy(() => {
    const key = RandomKey.of(42).fold("place");
    for (const count of [1, 2, 3, 5, 40001, KERNEL_SIZE + 3]) {
      assertEquals(engine().randomUniform(key, [count], { counter: 7 }).dataSync(), key.uniforms(count, 7));
      const expected = maskOf(key.bits(Math.ceil(count / 2), 3), 0.25).subarray(0, count);
      const mask = Uint8Array.from(engine().randomMask(key, [count], { rate: 0.25, counter: 3 }).dataSync());
      assertEquals([mask.length, mask.findIndex((bit, index) => bit !== expected[index])], [count, -1]);
    }
    const words = tf.tensor1d(Int32Array.from(key.words), "int32");
    for (const shape of [[20, 50], [200, 500]]) {
      const options = { rate: 0.1, counter: 2 };
      const masked = (x: tf.Tensor, key: tf.Tensor) =>
        tf.mul(x, tf.cast(engine().randomMask(key, shape, options), "float32"));
      // Drawn while a gradient is recorded, with a key that is not known at compilation.
      const compiled = engine().jit((key, x) => [tf.grad((x) => masked(x, key!))(x!)]);
      const mask = engine().randomMask(key, shape, options).dataSync();
      assertEquals(compiled(words, tf.ones(shape))[0]!.dataSync(), Float32Array.from(mask));
    }
    const share = tf.mean(tf.cast(engine().randomMask(key, [100000], { rate: 0.1 }), "float32")).dataSync()[0]!;
    assertAlmostEquals(share, 0.9, 4 * Math.sqrt(0.09 / 100000));
    const uniform = (counter?: number) =>
      engine().randomUniform(key, [4], counter === undefined ? {} : { counter }).dataSync();
    assertNotEquals(uniform(0), uniform(1));
    assertEquals(uniform(), uniform(0));
  }));

Deno.test("random numbers are Philox's for every key and counter, the largest included", () =>
  tf.tidy(() => {
    for (const key of [[0, 0], [0xffffffff, 0xffffffff], [0x80000000, 1], [0xa4093822, 0x299f31d0]]) {
      for (const counter of [0, 1, 0x7fffffff, 0xffffffff]) {
        const tensor = tf.tensor1d(Int32Array.from(key), "int32");
        const uniform = [...engine().randomUniform(tensor, [3, 3], { counter }).dataSync()];
        assertEquals(uniform, words(key, counter, 9).map((word) => (word >>> 8) * 2 ** -24));
        const mask = Uint8Array.from(engine().randomMask(tensor, [KERNEL_SIZE], { rate: 0.1, counter }).dataSync());
        assertEquals(mask.subarray(-100), maskOf(words(key, counter, KERNEL_SIZE / 2), 0.1).subarray(-100));
      }
    }
  }));

Deno.test("a mask of rate 0 keeps everything, one of rate 1 nothing, and it does not depend on the shape", () =>
  tf.tidy(() => {
    const key = RandomKey.of(9);
    const mask = (shape: number[], rate: number) => [...engine().randomMask(key, shape, { rate }).dataSync()];
    assertEquals(mask([70], 0), Array(70).fill(1));
    assertEquals(mask([500_000], 0).reduce((sum, bit) => sum + bit, 0), 500_000);
    // So many that every 16-bit half occurs, the largest included.
    assertEquals(mask([500_000], 1).reduce((sum, bit) => sum + bit, 0), 0);
    assertEquals(mask([7, 10], 0.3), mask([70], 0.3));
    // A higher rate drops what a lower rate drops, and more.
    const [low, high] = [mask([70], 0.3), mask([70], 0.6)];
    assert(low.every((bit, index) => bit >= high[index]!));
    assertNotEquals(low, high);
  }));

Deno.test("masks of a compiled function depend on the key, not on the call", () =>
  tf.tidy(() => {
    const draw = engine().jit((key) => [
      engine().randomMask(key!, [64], { rate: 0.5 }),
      engine().randomUniform(key!, [64], { counter: 1 }),
    ]);
    const values = (seed: number) => {
      const key = tf.tensor1d(Int32Array.from(RandomKey.of(seed).words), "int32");
      return draw(key).map((tensor) => [...tensor.dataSync()]);
    };
    assertEquals(values(1), values(1));
    assertNotEquals(values(1), values(2));
    assertEquals(values(2)[1], [...RandomKey.of(2).uniforms(64, 1)]);
  }));

Deno.test("masks that a function draws together are those drawn alone, of any number, size, rate and key", () =>
  tf.tidy(() => {
    const plans = [
      { count: 17, rate: 0.5, counter: 4 },
      { count: 17, rate: 0.5, counter: 0 },
      { count: 17, rate: 0.25, counter: 9 },
      { count: 64, rate: 0.5, counter: 1 },
      { count: 17, rate: 0.5, counter: 4 },
    ];
    const draw = (keys: readonly (RandomKey | tf.Tensor)[]) =>
      keys.flatMap((key) => plans.map(({ count, ...options }) => engine().randomMask(key, [count], options)));
    const keys = [RandomKey.of(3), RandomKey.of(4)];
    const words = keys.map((key) => tf.tensor1d(Int32Array.from(key.words), "int32"));
    const values = (masks: readonly tf.Tensor[]) => masks.map((mask) => [...mask.dataSync()]);
    assertEquals(values(engine().jit((...keys) => draw(keys))(...words)), values(draw(keys)));
  }));
