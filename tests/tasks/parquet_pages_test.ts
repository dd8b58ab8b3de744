import { assertEquals, assertThrows } from "@std/assert";
import { checkPages, type ColumnChunk } from "../../tasks/_parquet_pages.ts";

interface Page {
  readonly type?: number;
  readonly bytes?: number;
  readonly compressed?: number;
  readonly count: number;
  readonly encoding?: number;
  readonly content: readonly number[];
}

const [PLAIN, DICTIONARY, DELTA] = [0, 8, 5];

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

const integer = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);

/** A page as the format's compact Thrift has it: each field by how far it is from the one before, and its type. */
function page(
  { type = 0, content, bytes = content.length, compressed = content.length, count, encoding = PLAIN }: Page,
) {
  const own = [0x15, ...integer(count), 0x15, ...integer(encoding), 0x11, 0x28, 2, 65, 66, 0]; // with a flag and text
  const headers = type === 0 ? [0x2c, ...own] : [0x4c, ...own]; // field 5 of data, 7 of a dictionary
  return [0x15, ...integer(type), 0x15, ...integer(bytes), 0x15, ...integer(compressed), ...headers, 0, ...content];
}

function check(pages: readonly Page[], options: Partial<ColumnChunk> = {}): number {
  const bytes = pages.flatMap(page);
  const file = Uint8Array.from([0, 0, 0, 0, ...bytes]).buffer;
  const defaults = { start: 4, length: bytes.length, isCompressed: false, isOptional: true, maxBytes: 1000 };
  return checkPages(file, { ...defaults, rows: 3, ...options });
}

/** Levels of three values that are there: a run of them in two bytes. */
const LEVELS = [2, 0, 0, 0, 3 << 1, 1];
const VALUES = { content: [...LEVELS, 1, 2, 3], count: 3 };
const WORDS: Page = { type: 2, content: [1, 0, 0, 0, 65], count: 1 };
const indices = (...runs: number[]): Page => ({ content: [...LEVELS, 1, ...runs], count: 3, encoding: DICTIONARY });

Deno.test("checkPages() accepts pages whose sizes agree, and sums their bytes", () => {
  assertEquals(check([VALUES]), 9);
  assertEquals(
    check([{ ...VALUES, count: 2, content: [2, 0, 0, 0, 2 << 1, 1, 1, 2] }, {
      ...VALUES,
      count: 1,
      content: [2, 0, 0, 0, 1 << 1, 1, 3],
    }]),
    15,
  );
  assertEquals(check([WORDS, indices(3 << 1, 0)]), 14);
  assertEquals(check([WORDS, indices(1 << 1 | 1, 0)]), 14); // eight packed values, of which three count
  assertEquals(check([{ ...VALUES, content: [1, 2, 3] }], { isOptional: false }), 3);
  assertEquals(
    check([{ ...VALUES, bytes: 9, compressed: 11, content: [9, 8 << 2, ...VALUES.content] }], { isCompressed: true }),
    9,
  );
  assertEquals(check([], { rows: 0 }), 0);
});

Deno.test("checkPages() refuses sizes that contradict each other or the file, before anything is decoded", () => {
  const cases: readonly (readonly [string, readonly Page[], Partial<ColumnChunk>?])[] = [
    ["expected at most 9 bytes, got 10", [{ ...VALUES, compressed: 10 }]],
    ["expected at most 9 bytes, got -1", [{ ...VALUES, compressed: -1 }]],
    ["expected at most 1000 bytes after decompression, got 2147483647", [{ ...VALUES, bytes: 2 ** 31 - 1 }]],
    ["expected at most 12 bytes after decompression, got 9", [WORDS, indices(3 << 1, 0)], { maxBytes: 12 }],
    ["expected at most 3 values, got 4", [{ ...VALUES, count: 4 }]],
    ["expected at most 3 values, got -1", [{ ...VALUES, count: -1 }]],
    ["expected at most 5 values, got 536870912", [{ ...WORDS, count: 2 ** 29 }, indices(3 << 1, 0)]],
    ["expected 3 values in its pages, got 2", [{ ...VALUES, count: 2, content: [2, 0, 0, 0, 2 << 1, 1, 1, 2] }]],
    ["expected levels of at most 5 bytes, got 6", [{ ...VALUES, content: [6, ...VALUES.content.slice(1)] }]],
    ["a run of at most 3 values, got 2147483647", [{
      ...VALUES,
      content: [6, 0, 0, 0, ...varint(2 ** 32 - 2), 1, 1, 2, 3],
    }]],
    ["a run of at most 3 values, got 8388608", [WORDS, indices(...varint(2 ** 24), 0)]],
    ["a run of at most 3 values, got 16", [WORDS, indices(2 << 1 | 1, 0, 0)]],
    ["expected indices of at most 32 bits, got 33", [WORDS, { ...indices(), content: [...LEVELS, 33, 6, 0] }]],
    ["expected plain values or a dictionary's, got encoding 5", [{ ...VALUES, encoding: DELTA }]],
    ["expected pages of a dictionary or of data in version 1", [{ ...VALUES, type: 3 }]],
    ["expected pages within", [VALUES], { start: 5 }],
    ["expected pages within", [VALUES], { start: -1 }],
    ["expected 9 bytes after decompression, got 8", [{
      ...VALUES,
      bytes: 9,
      content: [8, 7 << 2, 1, 2, 3, 4, 5, 6, 7, 8],
    }], {
      isCompressed: true,
    }],
  ];
  for (const [message, pages, options] of cases) assertThrows(() => check(pages, options), Error, message);
});

Deno.test("checkPages() refuses a header that is cut off", () => {
  const bytes = page(VALUES);
  for (let length = 1; length < bytes.length; length++) {
    assertThrows(() => check([VALUES], { length }), Error);
  }
});
