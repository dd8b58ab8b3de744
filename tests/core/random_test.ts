import { RandomKey } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { philox } from "../_philox.ts";
import { fc } from "../_properties.ts";

Deno.test("the reference philox() gives the known answers published with Random123", () => {
  const all = 0xffffffff;
  const known: [key: number[], counter: number[], words: number[]][] = [
    [[0, 0], [0, 0, 0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [[all, all], [all, all, all, all], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [key, counter, words] of known) assertEquals(philox(key, counter), words);
});

Deno.test("RandomKey draws the words of Philox 4x32-10, block by block, in each stream", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat(0xffffffff), fc.nat(40), (seed, stream, count) => {
    // Both words of a folded key are random.
    for (const key of [RandomKey.of(seed), RandomKey.of(seed).fold("a")]) {
      const expected = Array.from({ length: 10 }, (_, block) => philox(key.words, [block, 0, stream, 0])).flat();
      assertEquals([...key.bits(count, stream)], expected.slice(0, count));
    }
  }));
});

Deno.test("RandomKey.fold() is deterministic, and differs between labels", () => {
  fc.assert(fc.property(fc.nat(), fc.string(), fc.string(), (seed, a, b) => {
    const key = RandomKey.of(seed);
    assertEquals(key.fold(a).words, RandomKey.of(seed).fold(a).words);
    if (a !== b) assertNotEquals(key.fold(a).words, key.fold(b).words);
    assertNotEquals(key.fold(a).words, key.words);
    assertNotEquals(key.fold(1).words, key.fold("1").words);
  }));
});

Deno.test("RandomKey.uniforms() are uniform in [0, 1), in multiples of 2^-24", () => {
  const values = RandomKey.of(5).uniforms(40000);
  assert(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24)));
  assertAlmostEquals(values.reduce((sum, value) => sum + value, 0) / 40000, 0.5, 4 * Math.sqrt(1 / 12 / 40000));
});

Deno.test("RandomKey.permutation() is a permutation, and uniform over positions", () => {
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (seed, count) => {
    const order = RandomKey.of(seed).permutation(count);
    assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: count }, (_, index) => index));
  }));
  const firsts = Array.from({ length: 3000 }, (_, seed) => RandomKey.of(seed).permutation(3)[0]!);
  for (const value of [0, 1, 2]) {
    assertAlmostEquals(firsts.filter((first) => first === value).length / 3000, 1 / 3, 4 * Math.sqrt(2 / 9 / 3000));
  }
});

Deno.test("RandomKey.of() accepts integers from 0 to 2^53 - 1 only", () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 53]) assertThrows(() => RandomKey.of(seed), RangeError);
  assertNotEquals(RandomKey.of(2 ** 40).words, RandomKey.of(0).words);
});
