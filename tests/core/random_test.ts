import { RandomKey } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";

Deno.test("RandomKey draws Philox 4x32-10's published numbers", () => {
  // Random123's known answer for counter 0 and key 0.
  assertEquals([...RandomKey.of(0).bits(4)], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

Deno.test("RandomKey gives the same for the same place and other numbers for another", () => {
  fc.assert(fc.property(fc.nat(), fc.string(), fc.string(), (seed, a, b) => {
    const key = RandomKey.of(seed);
    assertEquals(key.fold(a).words, RandomKey.of(seed).fold(a).words);
    if (a !== b) assertNotEquals(key.fold(a).words, key.fold(b).words);
    assertNotEquals(key.fold(a).words, key.words);
    assertNotEquals(key.fold(1).words, key.fold("1").words);
  }));
});

Deno.test("RandomKey.uniforms() fill [0, 1) evenly, in multiples of 2^-24", () => {
  const values = RandomKey.of(5).uniforms(40000);
  assert(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24)));
  assertAlmostEquals(values.reduce((sum, value) => sum + value, 0) / 40000, 0.5, 4 * Math.sqrt(1 / 12 / 40000));
});

Deno.test("RandomKey.permutation() holds each number once, each in each place as often", () => {
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (seed, count) => {
    const order = RandomKey.of(seed).permutation(count);
    assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: count }, (_, index) => index));
  }));
  const firsts = Array.from({ length: 3000 }, (_, seed) => RandomKey.of(seed).permutation(3)[0]!);
  for (const number of [0, 1, 2]) {
    assertAlmostEquals(firsts.filter((first) => first === number).length / 3000, 1 / 3, 4 * Math.sqrt(2 / 9 / 3000));
  }
});

Deno.test("RandomKey.of() takes whole numbers only, up to 2^53 - 1", () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 53]) assertThrows(() => RandomKey.of(seed), RangeError);
  assertNotEquals(RandomKey.of(2 ** 40).words, RandomKey.of(0).words);
});
