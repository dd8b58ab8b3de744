/**
 * Small valid files in formats of bytes, made without the code that reads them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import { joined, type SeedFile } from "./_mutate.ts";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Little-endian integers of two and four bytes. */
const u16 = (value: number) => Uint8Array.of(value, value >>> 8);
const u32 = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);

function withHeader(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = encode(header);
  return joined([u32(bytes.length), u32(0), bytes, data]);
}

const headerOf = (bytes: Uint8Array): string =>
  decode(bytes.subarray(8, 8 + new DataView(bytes.buffer).getUint32(0, true)));

/** Tensors of every type that is read. */
export function tensorFile(name: string): SeedFile {
  const data = Uint8Array.from(
    { length: 24 + 8 + 8 + 16 },
    (_, index) => index < 40 ? 7 * index % 120 : index % 8 < 2 ? 1 : 0,
  );
  const write = (text: string) => withHeader(text, data);
  const header = {
    __metadata__: { format: "pt" },
    a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: "F16", shape: [4], data_offsets: [24, 32] },
    c: { dtype: "I32", shape: [2, 1], data_offsets: [32, 40] },
    d: { dtype: "I64", shape: [2], data_offsets: [40, 56] },
  };
  return { name, bytes: write(JSON.stringify(header)), json: { read: headerOf, write } };
}

const TENSORS = { "weights/a": { shape: [2, 2], values: [1, 2, 3, 4] }, "moments/a": { shape: [1], values: [0.5] } };
const DATA = new Uint8Array(Float32Array.from(Object.values(TENSORS).flatMap(({ values }) => values)).buffer);

/** The bytes of the tensors of {@linkcode checkpointFile}, in hexadecimal digits. */
export const TENSOR_BYTES: string = DATA.toHex();

/** A checkpoint whose state is mutated below its digest. */
export function checkpointFile(name: string): SeedFile {
  const write = (state: string) => {
    const hash = createHash("sha256").update(state);
    let end = 0;
    const entries = Object.entries(TENSORS).map(([name, { shape, values }]) => {
      const data_offsets = [end, end += 4 * values.length] as const;
      hash.update(JSON.stringify([name, shape])).update(DATA.subarray(...data_offsets));
      return [name, { dtype: "F32", shape, data_offsets }];
    });
    const metadata = { state, sha256: hash.digest("hex") };
    return withHeader(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }), DATA);
  };
  const selected = { name: "a", step: 1, score: 0.5, error: 1e-7, size: 3, facts: { ranks: [1, 2] } };
  const state = {
    version: 3,
    id: "r-1",
    usage: { seconds: 60, peakBytes: 1e9, resumedFrom: [10] },
    facts: {
      position: { step: 20, phase: "step" },
      rounds: {
        selected: [selected],
        rankings: [{ step: 1, score: "taylor", ranking: [["a", 1]] }],
        conversions: [{ names: ["a"], movements: [{ a: 0.1 }] }],
        factorizeDifference: 1e-6,
        seconds: { selection: 1, decomposition: 2 },
      },
      updates: { a: 20 },
      accumulatedSteps: 0,
      best: { value: 0.5, mergeDifference: 1e-6, logits: [[0, 1], [1, 0]] },
      seconds: { evaluation: 1, firstStep: 2, steps: [0.5, 0.5] },
    },
  };
  return {
    name,
    bytes: write(JSON.stringify(state)),
    json: { read: (bytes) => JSON.parse(headerOf(bytes)).__metadata__.state, write },
  };
}

/** A wheel: a ZIP of these files, with a RECORD of their digests. */
export function wheelFile(files: { readonly [path: string]: string }): Uint8Array<ArrayBuffer> {
  const digest = (text: string) => createHash("sha256").update(text).digest("base64url");
  const record = Object.entries(files).map(([path, text]) => `${path},sha256=${digest(text)},${text.length}\n`).join(
    "",
  );
  const locals: Uint8Array[] = [], centrals: Uint8Array[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries({ ...files, "package-1.0.dist-info/RECORD": record })) {
    const [name, content] = [encode(path), encode(text)];
    const packed = new Uint8Array(deflateRawSync(content));
    // Flags, method 8, time, date, checksum, sizes.
    const common = [u16(0), u16(8), u16(0), u16(33), u32(crc32(content)), u32(packed.length), u32(content.length)];
    const local = joined([u32(0x04034b50), u16(20), ...common, u16(name.length), u16(0), name, packed]);
    const places = [u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0o644 << 16), u32(offset)];
    centrals.push(joined([u32(0x02014b50), u16(0x0314), u16(20), ...common, ...places, name]));
    locals.push(local);
    offset += local.length;
  }
  const central = joined(centrals);
  const counts = [u16(0), u16(0), u16(locals.length), u16(locals.length)];
  return joined([...locals, central, u32(0x06054b50), ...counts, u32(central.length), u32(offset), u16(0)]);
}
