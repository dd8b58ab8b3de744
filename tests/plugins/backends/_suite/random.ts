/**
 * Random numbers, the same bits on every backend.
 *
 * @module
 */
import { engine, KERNEL_SIZE, RandomKey, tf } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { philox } from "../../../_philox.ts";

const words = (key: readonly number[], place: number, count: number) =>
  Array.from({ length: Math.ceil(count / 4) }, (_, block) => philox(key, [block, 0, place, 0])).flat().slice(0, count);

// Two elements a word, the lower half first, kept where the half is at least rate · 65536.
const kept = (words: Iterable<number>, rate: number): Uint8Array =>
  Uint8Array.from(new Uint16Array(Uint32Array.from(words).buffer), (half) => half >= rate * 65536 ? 1 : 0);

Deno.test("random numbers are the key's, eager and compiled, and masks keep their share", () =>
  tf.tidy(() => {
    const key = RandomKey.of(42).fold("place");
    for (const count of [1, 2, 3, 5, 40001, KERNEL_SIZE + 3]) {
      assertEquals(engine().randomUniform(key, [count], 7).dataSync(), key.uniforms(count, 7));
      const wanted = kept(key.bits(Math.ceil(count / 2), 3), 0.25).subarray(0, count);
      const mask = Uint8Array.from(engine().randomMask(key, [count], 0.25, 3).dataSync());
      assertEquals([mask.length, mask.findIndex((one, at) => one !== wanted[at])], [count, -1]);
    }
    const words = tf.tensor1d(Int32Array.from(key.words), "int32");
    for (const shape of [[20, 50], [200, 500]]) {
      const masked = (x: tf.Tensor, key: tf.Tensor) =>
        tf.mul(x, tf.cast(engine().randomMask(key, shape, 0.1, 2), "float32"));
      // Drawn while a gradient is recorded, by a key that is not known when it is compiled.
      const compiled = engine().jit((key, x) => [tf.grad((x) => masked(x, key!))(x!)]);
      const drawn = engine().randomMask(key, shape, 0.1, 2).dataSync();
      assertEquals(compiled(words, tf.ones(shape))[0]!.dataSync(), Float32Array.from(drawn));
    }
    const share = tf.mean(tf.cast(engine().randomMask(key, [100000], 0.1), "float32")).dataSync()[0]!;
    assertAlmostEquals(share, 0.9, 4 * Math.sqrt(0.09 / 100000));
    assertNotEquals(engine().randomUniform(key, [4], 0).dataSync(), engine().randomUniform(key, [4], 1).dataSync());
  }));

Deno.test("random numbers are Philox's for every key and place, the largest too", () =>
  tf.tidy(() => {
    for (const key of [[0, 0], [0xffffffff, 0xffffffff], [0x80000000, 1], [0xa4093822, 0x299f31d0]]) {
      for (const place of [0, 1, 0x7fffffff, 0xffffffff]) {
        const given = tf.tensor1d(Int32Array.from(key), "int32");
        const drawn = [...engine().randomUniform(given, [3, 3], place).dataSync()];
        assertEquals(drawn, words(key, place, 9).map((word) => (word >>> 8) * 2 ** -24));
        const mask = Uint8Array.from(engine().randomMask(given, [KERNEL_SIZE], 0.1, place).dataSync());
        assertEquals(mask.subarray(-100), kept(words(key, place, KERNEL_SIZE / 2), 0.1).subarray(-100));
      }
    }
  }));

Deno.test("a mask of rate 0 keeps all, one of rate 1 nothing, and shapes do not change who is kept", () =>
  tf.tidy(() => {
    const key = RandomKey.of(9);
    const mask = (shape: number[], rate: number) => [...engine().randomMask(key, shape, rate).dataSync()];
    assertEquals(mask([70], 0), Array(70).fill(1));
    assertEquals(mask([500_000], 0).reduce((sum, kept) => sum + kept, 0), 500_000);
    // So many that every half word comes up, the largest too.
    assertEquals(mask([500_000], 1).reduce((sum, kept) => sum + kept, 0), 0);
    assertEquals(mask([7, 10], 0.3), mask([70], 0.3));
    // A higher rate drops those that a lower one drops, and more.
    const [few, many] = [mask([70], 0.3), mask([70], 0.6)];
    assert(few.every((kept, at) => kept >= many[at]!));
    assertNotEquals(few, many);
  }));

Deno.test("masks of a compiled function follow the key and not the call", () =>
  tf.tidy(() => {
    const draw = engine().jit((key) => [engine().randomMask(key!, [64], 0.5), engine().randomUniform(key!, [64], 1)]);
    const values = (seed: number) => {
      const key = tf.tensor1d(Int32Array.from(RandomKey.of(seed).words), "int32");
      return draw(key).map((drawn) => [...drawn.dataSync()]);
    };
    assertEquals(values(1), values(1));
    assertNotEquals(values(1), values(2));
    assertEquals(values(2)[1], [...RandomKey.of(2).uniforms(64, 1)]);
  }));
