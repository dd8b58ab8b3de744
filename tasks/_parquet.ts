/**
 * Parquet files, as the Hugging Face hub has datasets.
 *
 * @module
 */
import { messageOf, RequestError } from "@opf/framework";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { placesOf, type Row, type Wanted, wholeNumber } from "./_tsv.ts";

/**
 * Reads the wanted columns of a file; numbers come as text.
 *
 * @throws {RequestError} where the file is broken, has no rows, lacks a column, or a field of it is empty
 */
export async function readParquet(path: string, { columns: wanted, number }: Wanted): Promise<Row[]> {
  const { names, read } = await open(path).catch((error) => failed(path, error));
  const columns = placesOf(wanted, { names, place: `Reading ${path}` }).map((at) => names[at]!);
  const numbered = number !== undefined && names.includes(number);
  const records = await read([...columns, ...numbered ? [number] : []]).catch((error) => failed(path, error));
  if (records.length === 0) throw new RequestError(`Reading ${path}: wanted rows, found none.`);
  return records.map((record, at) => {
    const place = `${path}, row ${at + 1}`;
    const field = (column: string): string => {
      const value = record[column];
      if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return `${value}`;
      throw new RequestError(`Reading ${place}: wanted a text or a number as ${column}, found ${value}.`);
    };
    return {
      place,
      number: numbered ? wholeNumber(field(number), { name: number, place }) : at,
      fields: columns.map(field),
    };
  });
}

async function open(path: string) {
  const { buffer: file } = await Deno.readFile(path);
  const metadata = parquetMetadata(file);
  return {
    names: parquetSchema(metadata).children.map(({ element }) => element.name),
    read: (columns: string[]): Promise<Record<string, unknown>[]> => parquetReadObjects({ file, metadata, columns }),
  };
}

function failed(path: string, error: unknown): never {
  throw new RequestError(`Reading ${path} failed: ${messageOf(error)}`);
}
