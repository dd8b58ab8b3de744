import { assertEquals, assertThrows } from "@std/assert";
import { decompressSnappy } from "../../tasks/_snappy.ts";

const bytes = (...parts: readonly (number | string)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : [part]));
const text = (packed: Uint8Array, length: number) => new TextDecoder().decode(decompressSnappy(packed, length));

Deno.test("decompressSnappy() reads literals of each kind of length", () => {
  assertEquals(text(bytes(0), 0), "");
  assertEquals(text(bytes(3, 2 << 2, "abc"), 3), "abc");
  for (const [size, length] of [[61, [60]], [256, [255]], [257, [0, 1]], [70_000, [0x6f, 0x11, 0x01]]] as const) {
    const long = "x".repeat(size);
    const preamble = size < 128 ? [size] : size < 16384 ? [size & 127 | 128, size >> 7] : [0xf0, 0xa2, 0x04];
    assertEquals(text(bytes(...preamble, 59 + length.length << 2, ...length, long), size), long);
  }
});

Deno.test("decompressSnappy() reads copies with offsets of one, two and four bytes, overlapping ones too", () => {
  assertEquals(text(bytes(8, 3 << 2, "abcd", 1, 4), 8), "abcdabcd");
  assertEquals(text(bytes(11, 0, "a", 9 << 2 | 2, 1, 0), 11), "a".repeat(11));
  assertEquals(text(bytes(7, 1 << 2, "ab", 4 << 2 | 3, 2, 0, 0, 0), 7), "abababa");
  const long = "x".repeat(300) + "y".repeat(300);
  assertEquals(text(bytes(0xdc, 4, 61 << 2, 0x57, 2, long, 1 | 1 << 5, 0x2c), 604).slice(-4), long.slice(300, 304));
});

Deno.test("decompressSnappy() refuses what is cut off, too long, or refers to what is not there", () => {
  const whole = bytes(8, 3 << 2, "abcd", 1, 4);
  for (let end = 0; end < whole.length; end++) assertThrows(() => decompressSnappy(whole.slice(0, end), 8), Error);
  const wrong = [
    bytes(8, 3 << 2, "abcd", 1, 5), // before the start
    bytes(8, 3 << 2, "abcd", 1, 0), // itself
    bytes(7, 3 << 2, "abcd", 1, 4), // past the end
    bytes(4, 63 << 2, 255, 255, 255, 255, "abcd"), // a literal of 2³² bytes
    bytes(255, 255, 255, 255, 255, 1, 0, "a"),
    bytes(2, 0, "a"),
    bytes(0, 0, "a"),
  ];
  for (const packed of wrong) assertThrows(() => decompressSnappy(packed, packed[0]!), Error, "expected");
});
