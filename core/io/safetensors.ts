/**
 * The safetensors format: read with every claim of the header checked, and written.
 *
 * @module
 */
import safetensors from "safetensors";
import { messageOf, RequestError } from "../errors.ts";
import { isObject, shortJson } from "./json_file.ts";
import { parseJson } from "./json_text.ts";
import { checkNoLfsPointer } from "./lfs_pointer.ts";
import { writeFileAtomic } from "./atomic_file.ts";
import { freeUnusedBuffers } from "./unused_buffers.ts";

/** Values of one tensor: floats as float32, integers as int32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** A tensor of floats whose values are copied each time that they are read, so that few copies exist at a time. */
export interface UnreadTensor {
  readonly shape: readonly number[];
  readonly read: () => Float32Array;
}

/** What the header says of one tensor. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A file of tensors whose header is sound; values are converted when they are read. */
export interface TensorFile {
  readonly path: string;
  /** Shapes and types as stored, by name. */
  readonly entries: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>;
  /** Free text that the file carries. */
  readonly metadata: { readonly [key: string]: string };
  /** One tensor: F32, F16 and BF16 as float32, I32 and I64 as int32; another type is an error. */
  tensor(name: string): StoredTensor;
}

const BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
};
// The limit of the format's own reader: a longer header is a lie or an attack.
const LONGEST_HEADER = 100_000_000;

/**
 * Reads a file. A header that is cut off, too long or not JSON, offsets outside the data, tensors that overlap or leave
 * gaps, sizes that contradict type and shape, a pointer of Git LFS: each is a {@linkcode RequestError} with the file, the
 * tensor, what was expected and what is there.
 */
export async function readSafetensors(path: string): Promise<TensorFile> {
  return parseSafetensors(await Deno.readFile(path), { path });
}

/** {@linkcode readSafetensors} of a file's bytes, which it takes over. */
export function parseSafetensors(bytes: Uint8Array<ArrayBuffer>, { path }: { readonly path: string }): TensorFile {
  const wrong = (what: string) => new RequestError(`${path} is not a valid safetensors file: ${what}.`);
  checkNoLfsPointer(bytes, path);
  if (bytes.length < 8) throw wrong(`expected at least 8 bytes, got ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > Math.min(bytes.length - 8, LONGEST_HEADER)) {
    throw wrong(`expected a header of ${length} bytes, got ${bytes.length - 8} bytes after its length`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + length), wrong);
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isTexts(metadata)) throw wrong('"__metadata__": expected texts by name');
  const entries = new Map(Object.entries(rest).map(([name, entry]) => [name, checkedEntry(name, entry, wrong)]));
  checkOffsets(entries, { size: bytes.length - 8 - length, wrong });
  // The parser fails on metadata: it gets the header without it, padded with spaces.
  const plain = new TextEncoder().encode(JSON.stringify(rest));
  if (plain.length > length) throw wrong("its header is not in its plain form");
  bytes.fill(32, 8, 8 + length).set(plain, 8);
  const parsed = new safetensors.SafeTensor(bytes);
  return {
    path,
    entries,
    metadata,
    tensor: (name) => {
      const entry = entries.get(name);
      if (!entry) throw new RequestError(`${path} has no tensor ${shortJson(name)}.`);
      const convert = CONVERT[entry.dtype];
      if (!convert) {
        throw new RequestError(
          `${path}: the tensor ${shortJson(name)}: expected one of ${
            Object.keys(CONVERT).join(", ")
          }, got ${entry.dtype}.`,
        );
      }
      return {
        shape: entry.shape,
        values: convert(parsed.getTensor(name).slice(), (what) => wrong(`the tensor ${shortJson(name)}: ${what}`)),
      };
    },
  };
}

type Wrong = (what: string) => RequestError;

function parseHeader(bytes: Uint8Array, wrong: Wrong): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(`expected a JSON object as its header: ${messageOf(error)}`);
  }
  if (isObject(header)) return header;
  throw wrong(`expected a JSON object as its header, got ${shortJson(header)}`);
}

function checkedEntry(name: string, value: unknown, wrong: Wrong): Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Partial<Entry>;
  const isCount = (number: unknown) => Number.isSafeInteger(number) && (number as number) >= 0;
  if (
    typeof dtype !== "string" || !Array.isArray(shape) || !shape.every(isCount) ||
    !Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(isCount)
  ) throw wrong(`the tensor ${shortJson(name)}: expected dtype, shape and data_offsets, got ${shortJson(value)}`);
  const size = BYTES[dtype];
  if (size === undefined) throw wrong(`the tensor ${shortJson(name)}: unknown type ${shortJson(dtype)}`);
  const [from, to] = data_offsets;
  const expected = shape.reduce((product, axis) => product * axis, size);
  if (to - from !== expected) {
    throw wrong(
      `the tensor ${shortJson(name)}: expected ${expected} bytes for ${dtype} [${shape}], got data_offsets of ${
        to - from
      }`,
    );
  }
  return { dtype, shape, data_offsets: [from, to] };
}

// Tensors follow one another without gaps from the first byte of the data to the last.
function checkOffsets(entries: ReadonlyMap<string, Entry>, { size, wrong }: { size: number; wrong: Wrong }): void {
  const sorted = [...entries].sort(([, a], [, b]) =>
    a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]
  );
  let end = 0;
  for (const [name, { data_offsets: [from, to] }] of sorted) {
    if (to > size) {
      throw wrong(`the tensor ${shortJson(name)}: expected ${size} bytes of data, got an end at byte ${to}`);
    }
    if (from !== end) {
      throw wrong(
        `the tensor ${shortJson(name)}: expected its start at byte ${end}, the end of the one before, got ${from}`,
      );
    }
    end = to;
  }
  if (end !== size) throw wrong(`expected tensors up to byte ${size}, got an end at byte ${end}`);
}

const isTexts = (value: unknown): value is { readonly [key: string]: string } =>
  isObject(value) && Object.values(value).every((text) => typeof text === "string");

const CONVERT: Readonly<Record<string, (bytes: Uint8Array, wrong: Wrong) => Float32Array | Int32Array>> = {
  F32: (bytes) => new Float32Array(bytes.buffer),
  F16: (bytes) => new Float32Array(new Float16Array(bytes.buffer)),
  BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (bits) => bits << 16).buffer),
  I32: (bytes) => new Int32Array(bytes.buffer),
  I64: (bytes, wrong) =>
    Int32Array.from(new BigInt64Array(bytes.buffer), (value) => {
      if (BigInt.asIntN(32, value) === value) return Number(value);
      throw wrong(`expected integers of at most 32 bits, got ${value}`);
    }),
};

/** Writes tensors as F32 or I32; under its name the file is whole or not there. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor | UnreadTensor>,
  metadata: { readonly [key: string]: string } = { format: "pt" },
): Promise<void> {
  let end = 0;
  const entries = [...tensors].map(([name, tensor]) => {
    const { shape } = tensor;
    const dtype = "values" in tensor && tensor.values instanceof Int32Array ? "I32" : "F32";
    const data_offsets = [end, end += shape.reduce((product, axis) => product * axis, BYTES[dtype]!)];
    return [name, { dtype, shape, data_offsets }] as const;
  });
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(32); // data begins at a multiple of 8
  header.set(text, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  await writeFileAtomic(path, parts(header, tensors.values()));
}

function* parts(header: Uint8Array, tensors: Iterable<StoredTensor | UnreadTensor>): Generator<Uint8Array> {
  yield header;
  for (const tensor of tensors) {
    yield bytesOf("values" in tensor ? tensor.values : tensor.read());
    freeUnusedBuffers();
  }
}

/** The bytes of values, in their memory. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: StoredTensor["values"]): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
