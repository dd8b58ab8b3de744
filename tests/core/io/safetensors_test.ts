import { RequestError } from "@opf/framework";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../../core/io/safetensors.ts";

type Header = Record<string, unknown>;

/** A file of a header, whatever it says, and data; `length` is what the file says of its header. */
function fileOf(header: Header | string, data: Uint8Array = new Uint8Array(), length?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer as ArrayBuffer);
const entry = (dtype: string, shape: number[], from: number, to: number) => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

Deno.test("writeSafetensors() and readSafetensors() give back names, shapes, values and metadata", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.safetensors`;
  await writeSafetensors(
    path,
    new Map([
      ["empty", { shape: [0, 3], values: new Float32Array() }],
      ["b", { shape: [2, 2], values: Float32Array.of(1, -2.5, 3e-38, Infinity) }],
      ["größe", { shape: [], values: Int32Array.of(-7) }],
    ]),
    { format: "pt", note: "a" },
  );
  const file = await readSafetensors(path);
  assertEquals([...file.entries.keys()], ["empty", "b", "größe"]);
  assertEquals(file.metadata, { format: "pt", note: "a" });
  assertEquals(file.tensor("b"), { shape: [2, 2], values: Float32Array.of(1, -2.5, 3e-38, Infinity) });
  assertEquals(file.tensor("größe"), { shape: [], values: Int32Array.of(-7) });
  assertEquals(file.tensor("empty").values.length, 0);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.safetensors"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readSafetensors() turns half, brain and 64-bit numbers into float32 and int32, at odd places too", () => {
  // 1, −2 and 65504 in half precision; 1, −2 and 3.140625 as bfloat16 (the upper half of a float32).
  const half = Uint16Array.of(0x3C00, 0xC000, 0x7BFF), brain = Uint16Array.of(0x3F80, 0xC000, 0x4049);
  const data = new Uint8Array(1 + 6 + 6 + 16);
  data.set(bytesOf(half), 1);
  data.set(bytesOf(brain), 7);
  data.set(bytesOf(BigInt64Array.of(5n, -6n)), 13);
  const header = {
    odd: entry("U8", [1], 0, 1),
    half: entry("F16", [3], 1, 7),
    brain: entry("BF16", [3], 7, 13),
    long: entry("I64", [2], 13, 29),
  };
  return withFile(fileOf(header, data), async (path) => {
    const file = await readSafetensors(path);
    assertEquals(file.tensor("half").values, Float32Array.of(1, -2, 65504));
    assertEquals(file.tensor("brain").values, Float32Array.of(1, -2, 3.140625));
    assertEquals(file.tensor("long").values, Int32Array.of(5, -6));
    assertStringIncludes(
      assertThrows(() => file.tensor("odd"), RequestError).message,
      'the tensor "odd": expected one of F32, F16, BF16, I32, I64, got U8',
    );
    assertStringIncludes(assertThrows(() => file.tensor("none"), RequestError).message, 'no tensor "none"');
  });
});

const BAD: readonly (readonly [what: string, file: Uint8Array, said: string])[] = [
  ["an empty file", new Uint8Array(), "expected at least 8 bytes, got 0"],
  [
    "a header longer than the file",
    fileOf({}, new Uint8Array(4), 1000),
    "expected a header of 1000 bytes, got 6 bytes",
  ],
  ["a header of 2^63 bytes", fileOf({}, new Uint8Array(4), 2 ** 62), "got 6 bytes after its length"],
  ["a header that is no JSON", fileOf("{oops"), "expected a JSON object"],
  [
    "a tensor that its header has twice",
    fileOf(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
      new Uint8Array(4),
    ),
    'every key once, got "a" twice',
  ],
  ["a header that is a list", fileOf("[1]"), "expected a JSON object"],
  ["a tensor without offsets", fileOf({ a: { dtype: "F32", shape: [1] } }), 'the tensor "a": expected dtype, shape'],
  [
    "a negative size",
    fileOf({ a: entry("F32", [-1], 0, 4) }, new Uint8Array(4)),
    'the tensor "a": expected dtype, shape',
  ],
  ["an unknown type", fileOf({ a: entry("F12", [1], 0, 4) }, new Uint8Array(4)), 'unknown type "F12"'],
  [
    "a wrong size",
    fileOf({ a: entry("F32", [2], 0, 4) }, new Uint8Array(4)),
    "expected 8 bytes for F32 [2], got data_offsets of 4",
  ],
  [
    "offsets outside",
    fileOf({ a: entry("F32", [2], 0, 8) }, new Uint8Array(4)),
    "expected 4 bytes of data, got an end at byte 8",
  ],
  [
    "an overlap",
    fileOf({ a: entry("F32", [2], 0, 8), b: entry("F32", [1], 4, 8) }, new Uint8Array(8)),
    'the tensor "b": expected its start at byte 8',
  ],
  ["a gap", fileOf({ a: entry("F32", [1], 4, 8) }, new Uint8Array(8)), 'the tensor "a": expected its start at byte 0'],
  [
    "data after the last tensor",
    fileOf({ a: entry("F32", [1], 0, 4) }, new Uint8Array(8)),
    "expected tensors up to byte 8, got an end at byte 4",
  ],
  [
    "metadata that are no texts",
    fileOf({ __metadata__: { format: 7 }, a: entry("F32", [1], 0, 4) }, new Uint8Array(4)),
    '"__metadata__": expected texts',
  ],
  [
    "a pointer of Git LFS",
    new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    'is a pointer of Git LFS, not the file itself: fetch it with "git lfs pull"',
  ],
];

Deno.test("readSafetensors() refuses 64-bit integers that 32 bits do not hold", async () => {
  for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 62n]) {
    const bytes = fileOf({ a: entry("I64", [2], 0, 16) }, bytesOf(BigInt64Array.of(7n, value)));
    await withFile(bytes, async (path) => {
      const file = await readSafetensors(path);
      const { message } = assertThrows(() => file.tensor("a"), RequestError);
      assertStringIncludes(message, `the tensor "a": expected integers of at most 32 bits, got ${value}`);
    });
  }
  const ends = BigInt64Array.of(2n ** 31n - 1n, -(2n ** 31n));
  await withFile(fileOf({ a: entry("I64", [2], 0, 16) }, bytesOf(ends)), async (path) => {
    assertEquals((await readSafetensors(path)).tensor("a").values, Int32Array.of(2 ** 31 - 1, -(2 ** 31)));
  });
});

for (const [what, bytes, said] of BAD) {
  Deno.test(`readSafetensors() refuses ${what}`, () =>
    withFile(bytes, async (path) => {
      const { message } = await assertRejects(() => readSafetensors(path), RequestError);
      assertStringIncludes(message, said);
      assertStringIncludes(message, path);
    }));
}
