/**
 * Parquet files, the form in which the Hugging Face hub stores datasets.
 *
 * @module
 */
import { MAX_TEXT_BYTES, messageOf, readBytes, RequestError } from "@opf/framework";
import {
  type ColumnChunk,
  type FileMetaData,
  parquetMetadata,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { checkPages } from "./_parquet_pages.ts";
import { decompressSnappy } from "./_snappy.ts";
import { checkDistinct, findColumns, MAX_ROWS, parseIndex, type Row, type TableColumns } from "./_tsv.ts";

/**
 * Reads the requested columns of a file; numbers are returned as text.
 *
 * @throws {RequestError} if the file is damaged, has no rows, lacks a column, or has a null in a requested field or an index
 *   twice
 */
export async function readParquet(path: string, { columns: requested, number }: TableColumns): Promise<Row[]> {
  const { names, read } = await open(path).catch((error) => fail(path, error));
  const columns = findColumns(requested, { names, place: `Reading ${path}` }).map((position) => names[position]!);
  const hasIndex = number !== undefined && names.includes(number);
  const records = await read([...columns, ...hasIndex ? [number] : []])
    .catch((error) => fail(path, error));
  if (records.length === 0) throw new RequestError(`Reading ${path}: expected rows, got none.`);
  const rows = records.map((record, index): Row => {
    const place = `${path}, row ${index + 1}`;
    const field = (column: string): string => {
      const value = record[column];
      if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return `${value}`;
      throw new RequestError(`Reading ${place}: expected a string or a number as ${column}, got ${describe(value)}.`);
    };
    return {
      place,
      number: hasIndex ? parseIndex(field(number), { name: number, row: { place } }) : index,
      fields: columns.map(field),
    };
  });
  if (hasIndex) checkDistinct(rows, number);
  return rows;
}

const describe = (value: unknown): string => typeof value === "object" && value !== null ? "a structure" : `${value}`;

async function open(path: string) {
  const { buffer: file } = await readBytes(path, MAX_TEXT_BYTES);
  const metadata = readMetadata(file);
  const schema = parquetSchema(metadata).children;
  const names = schema.map(({ element }) => element.name);
  checkMetadata(metadata, names);
  return {
    names,
    // One column of one row group at a time: of several that fail together the library leaves rejections unhandled.
    read: async (columns: string[]): Promise<Record<string, unknown>[]> => {
      checkColumns(columns, { file, metadata, schema });
      const records: Record<string, unknown>[] = [];
      for (const group of metadata.row_groups) {
        const [rowStart, rowEnd] = [records.length, records.length + Number(group.num_rows)];
        const rows: Record<string, unknown>[] = [];
        for (const column of new Set(columns)) {
          const cells = await readCells({ file, metadata, columns: [column], rowStart, rowEnd, compressors });
          cells.forEach((cell, index) => rows[index] = { ...rows[index], ...cell });
        }
        for (const row of rows) records.push(row);
      }
      return records;
    },
  };
}

// The parser takes damaged bytes for values of other types: what it says of them helps nobody.
const DAMAGED = "it is not a valid Parquet file";

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    const metadata = parquetMetadata(file);
    parquetSchema(metadata);
    return metadata;
  } catch {
    throw new Error(DAMAGED);
  }
}

const compressors = { SNAPPY: decompressSnappy };

const readCells = (options: Parameters<typeof parquetReadObjects>[0]): Promise<Record<string, unknown>[]> =>
  parquetReadObjects(options).catch(() => {
    throw new Error(DAMAGED);
  });

// Row groups that have each column once and together as many rows as the file says.
function checkMetadata({ row_groups, num_rows }: FileMetaData, names: readonly string[]): void {
  const rows = row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!(row_groups.every((group) => group.num_rows >= 0n) && rows <= MAX_ROWS)) {
    throw new Error(`expected at most ${MAX_ROWS} rows, got ${rows}`);
  }
  if (rows !== Number(num_rows)) throw new Error(`expected ${num_rows} rows in its groups, got ${rows}`);
  if (new Set(names).size < names.length) throw new Error(`${DAMAGED}: it names a column twice`);
  for (const [index, { columns }] of row_groups.entries()) {
    const stored = new Set(columns.map(pathOf));
    if (stored.size < columns.length) throw new Error(`${DAMAGED}: row group ${index + 1} names a column twice`);
  }
}

// A damaged file may lack what the types promise.
const pathOf = ({ meta_data }: ColumnChunk): string | undefined =>
  (meta_data?.path_in_schema as string[] | undefined)?.join("\0");

// Columns of plain values, whose sizes the parser can be trusted with.
function checkColumns(
  columns: readonly string[],
  { file, metadata, schema }: { file: ArrayBuffer; metadata: FileMetaData; schema: readonly SchemaTree[] },
): void {
  let left = MAX_TEXT_BYTES;
  for (const column of new Set(columns)) {
    const { element: { repetition_type }, children } = schema.find(({ element }) => element.name === column)!;
    if (children.length > 0 || repetition_type === "REPEATED") {
      throw new Error(`expected a string or a number as ${column}, got a structure`);
    }
    for (const [index, group] of metadata.row_groups.entries()) {
      const place = `column ${JSON.stringify(column)} of row group ${index + 1}`;
      const chunk = group.columns.find((chunk) => pathOf(chunk) === column)?.meta_data;
      if (!chunk) throw new Error(`${place}: expected values, got none`);
      const { codec, dictionary_page_offset, data_page_offset, total_compressed_size } = chunk;
      if (codec !== "UNCOMPRESSED" && codec !== "SNAPPY") {
        throw new Error(`${place}: expected no compression or SNAPPY, got ${codec}`);
      }
      try {
        left -= checkPages(file, {
          start: Number(dictionary_page_offset || data_page_offset),
          length: Number(total_compressed_size),
          rows: Number(group.num_rows),
          isCompressed: codec === "SNAPPY",
          isOptional: repetition_type !== "REQUIRED",
          maxBytes: left,
        });
      } catch (error) {
        throw new Error(`${place}: ${error instanceof RangeError ? "its pages are cut off" : messageOf(error)}`);
      }
    }
  }
}

function fail(path: string, error: unknown): never {
  throw new RequestError(`Reading ${path} failed: ${messageOf(error)}.`);
}
