/**
 * What the pages of a Parquet file claim of their sizes, checked before they are decoded: the parser allocates and repeats
 * what it reads. The format is that of https://parquet.apache.org/docs/file-format/.
 *
 * @module
 */
import { decompressSnappy } from "./_snappy.ts";

/** A column of a row group. */
export interface ColumnChunk {
  /** Offset of its first page. */
  readonly start: number;
  /** Bytes of its pages. */
  readonly length: number;
  /** Rows of its group: it has a value, or a null, for each. */
  readonly rows: number;
  readonly isCompressed: boolean;
  /** Whether it may hold nulls. */
  readonly isOptional: boolean;
  /** Bytes that its pages may decompress to, together. */
  readonly maxBytes: number;
}

/**
 * Checks the pages of a column.
 *
 * @returns the bytes that they decompress to
 * @throws {Error} for a page that is longer than its column, has more values than the group has rows or than its bytes can
 *   hold, repeats a value more often than that, or decompresses to more than is allowed, and for pages that together have
 *   other values than rows
 */
export function checkPages(file: ArrayBuffer, chunk: ColumnChunk): number {
  const { start, length, rows, maxBytes } = chunk;
  if (!(start >= 0 && length >= 0 && start + length <= file.byteLength)) {
    throw new Error(`expected pages within ${file.byteLength} bytes, got ${length} bytes at ${start}`);
  }
  const reader = { view: new DataView(file, start, length), offset: 0 };
  let [values, total] = [0, 0];
  while (values < rows && reader.offset < length) {
    const place = `the page at byte ${start + reader.offset}`;
    const page = pageOf(readStruct(reader));
    if (!(page.compressed >= 0 && page.compressed <= length - reader.offset)) {
      throw new Error(`${place}: expected at most ${length - reader.offset} bytes, got ${page.compressed}`);
    }
    if (!(page.bytes >= 0 && (total += page.bytes) <= maxBytes)) {
      throw new Error(`${place}: expected at most ${maxBytes} bytes after decompression, got ${page.bytes}`);
    }
    const most = page.isDictionary ? page.bytes : rows - values; // each value of a dictionary takes a byte or more
    if (!(page.count >= 0 && page.count <= most)) {
      throw new Error(`${place}: expected at most ${most} values, got ${page.count}`);
    }
    if (!page.isDictionary) {
      values += page.count;
      const stored = new Uint8Array(file, start + reader.offset, page.compressed);
      checkRuns(chunk.isCompressed ? decompressSnappy(stored, page.bytes) : stored, { ...page, ...chunk, place });
    }
    reader.offset += page.compressed;
  }
  if (values !== rows) throw new Error(`expected ${rows} values in its pages, got ${values}`);
  return total;
}

interface Page {
  readonly isDictionary: boolean;
  /** After decompression. */
  readonly bytes: number;
  readonly compressed: number;
  readonly count: number;
  /** Its values are indices of the dictionary. */
  readonly hasIndices: boolean;
}

const [PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY] = [0, 2, 8];

// Fields of the format's PageHeader, with those of the header for the page's type.
function pageOf({ 1: type, 2: bytes, 3: compressed, 5: data, 7: dictionary }: Struct): Page {
  const header = type === 0 ? data : type === 2 ? dictionary : undefined;
  if (typeof header !== "object") {
    throw new Error("expected pages of a dictionary or of data in version 1, got another kind");
  }
  const { 1: count, 2: encoding } = header;
  if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY && !(encoding === RLE_DICTIONARY && type === 0)) {
    throw new Error(`expected plain values or a dictionary's, got encoding ${encoding}`);
  }
  return {
    isDictionary: type === 2,
    bytes: Number(bytes),
    compressed: Number(compressed),
    count: Number(count),
    hasIndices: encoding !== PLAIN,
  };
}

/** Checks the runs of equal values: of the levels that say what is null, and of indices. */
function checkRuns(
  page: Uint8Array,
  { count, hasIndices, isOptional, place }: Page & ColumnChunk & { readonly place: string },
): void {
  const reader: Reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
  if (isOptional) {
    const end = 4 + reader.view.getUint32(0, true);
    reader.offset = 4;
    if (end > page.length) {
      throw new Error(`${place}: expected levels of at most ${page.length - 4} bytes, got ${end - 4}`);
    }
    checkRunsUntil(end, reader, { width: 1, count, place });
    reader.offset = end;
  }
  if (!hasIndices) return;
  const width = reader.view.getUint8(reader.offset++);
  if (width > 32) throw new Error(`${place}: expected indices of at most 32 bits, got ${width}`);
  checkRunsUntil(page.length, reader, { width, count, place });
}

function checkRunsUntil(
  end: number,
  reader: Reader,
  { width, count, place }: { readonly width: number; readonly count: number; readonly place: string },
): void {
  for (let seen = 0; seen < count && reader.offset < end;) {
    const header = readVarint(reader);
    const isPacked = header % 2 === 1;
    const run = isPacked ? 8 * ((header - 1) / 2) : header / 2; // packed values come in eights
    if (run > count - seen + (isPacked ? 7 : 0)) {
      throw new Error(`${place}: expected a run of at most ${count - seen} values, got ${run}`);
    }
    seen += run;
    reader.offset += isPacked ? run * width / 8 : Math.ceil(width / 8);
  }
}

/** Integers and structures of a Thrift structure in the compact protocol, by field; other values are skipped. */
interface Struct {
  readonly [field: number]: number | Struct;
}

interface Reader {
  readonly view: DataView;
  offset: number;
}

function readStruct(reader: Reader, depth = 0): Struct {
  if (depth > 8) throw new Error("expected fewer nested structures");
  const fields: Record<number, number | Struct> = {};
  let field = 0;
  for (let head; (head = reader.view.getUint8(reader.offset++)) !== 0;) {
    field = head >> 4 ? field + (head >> 4) : zigzag(readVarint(reader));
    const value = readValue(reader, { type: head & 15, depth });
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

function readValue(
  reader: Reader,
  { type, depth }: { readonly type: number; readonly depth: number },
): number | Struct | undefined {
  switch (type) {
    case 1: // true
    case 2: // false
      return undefined;
    case 4:
    case 5:
    case 6:
      return zigzag(readVarint(reader));
    case 8: { // bytes
      const length = readVarint(reader);
      return void (reader.offset += length);
    }
    case 12:
      return readStruct(reader, depth + 1);
    default:
      throw new Error(`expected a page's header, got a field of type ${type}`);
  }
}

function readVarint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.view.getUint8(reader.offset++);
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw new Error("expected an integer of at most 64 bits");
}

const zigzag = (value: number): number => value % 2 === 0 ? value / 2 : -(value + 1) / 2;
