/**
 * Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt.
 *
 * @module
 */

/**
 * Decompresses bytes.
 *
 * @param length the number of bytes that they decompress to
 * @throws {Error} for bytes that decompress to another number, or that are no Snappy
 */
export function decompressSnappy(input: Uint8Array, length: number): Uint8Array {
  const [stated, start] = readLength(input);
  if (stated !== length) throw new Error(`expected ${length} bytes after decompression, got ${stated}`);
  const output = new Uint8Array(length);
  let [from, to] = [start, 0];
  // An integer of 1 to 4 bytes; past the end it is 0, and the element after it is refused.
  const integer = (bytes: number): number => {
    let value = 0;
    for (let at = 0; at < bytes; at++) value += (input[from++] ?? 0) * 256 ** at;
    return value;
  };
  while (from < input.length) {
    const tag = input[from++]!;
    const kind = tag & 3;
    if (kind === 0) { // bytes as they are
      const short = tag >> 2;
      const size = 1 + (short < 60 ? short : integer(short - 59));
      if (size > Math.min(input.length - from, length - to)) throw new Error(CUT_OFF);
      output.set(input.subarray(from, from + size), to);
      [from, to] = [from + size, to + size];
    } else { // bytes once more, which may overlap with themselves
      const size = kind === 1 ? 4 + (tag >> 2 & 7) : 1 + (tag >> 2);
      const back = kind === 1 ? 256 * (tag >> 5) + integer(1) : integer(kind === 2 ? 2 : 4);
      if (back === 0 || back > to || size > length - to || from > input.length) throw new Error(CUT_OFF);
      for (let count = 0; count < size; count++, to++) output[to] = output[to - back]!;
    }
  }
  if (to !== length) throw new Error(CUT_OFF);
  return output;
}

const CUT_OFF = "expected bytes that Snappy compressed";

function readLength(input: Uint8Array): [length: number, end: number] {
  let length = 0;
  for (let at = 0; at < Math.min(5, input.length); at++) {
    length += (input[at]! & 127) * 128 ** at;
    if (input[at]! < 128) return [length, at + 1];
  }
  throw new Error(CUT_OFF);
}
