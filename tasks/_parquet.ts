/**
 * Parquet files, the form in which the Hugging Face hub stores datasets.
 *
 * @module
 */
import { messageOf, RequestError } from "@opf/framework";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { checkDistinct, findColumns, parseIndex, type Row, type TableColumns } from "./_tsv.ts";

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
    .catch(() => fail(path, new Error(DAMAGED)));
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
      number: hasIndex ? parseIndex(field(number), { name: number, place }) : index,
      fields: columns.map(field),
    };
  });
  if (hasIndex) checkDistinct(rows, number);
  return rows;
}

const describe = (value: unknown): string => typeof value === "object" && value !== null ? "a structure" : `${value}`;

async function open(path: string) {
  const { buffer: file } = await Deno.readFile(path);
  try {
    const metadata = parquetMetadata(file);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    for (const { columns } of metadata.row_groups) {
      const stored = new Set(columns.map(({ meta_data }) => meta_data!.path_in_schema.join("\0")));
      if (stored.size < columns.length) throw new Error(DAMAGED);
    }
    if (new Set(names).size < names.length) throw new Error(DAMAGED);
    return {
      names,
      // One column of one row group at a time: of several that fail together the library leaves rejections unhandled.
      read: async (columns: string[]): Promise<Record<string, unknown>[]> => {
        const records: Record<string, unknown>[] = [];
        for (const group of metadata.row_groups) {
          const [rowStart, rowEnd] = [records.length, records.length + Number(group.num_rows)];
          const rows: Record<string, unknown>[] = [];
          for (const column of new Set(columns)) {
            const cells = await parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd });
            cells.forEach((cell, index) => rows[index] = { ...rows[index], ...cell });
          }
          for (const row of rows) records.push(row);
        }
        return records;
      },
    };
  } catch {
    throw new Error(DAMAGED);
  }
}

// The parser takes damaged bytes for values of other types: what it says of them helps nobody.
const DAMAGED = "it is not a valid Parquet file.";

function fail(path: string, error: unknown): never {
  throw new RequestError(`Reading ${path} failed: ${messageOf(error)}`);
}
