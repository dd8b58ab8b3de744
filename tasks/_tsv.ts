/**
 * Tab-separated files as GLUE's are: UTF-8, no quoting, one row a line, perhaps gzipped.
 *
 * @module
 */
import { messageOf, RequestError } from "@opf/framework";

/** What is wanted of a table. */
export interface Wanted {
  /** The columns, in the order that rows shall have them; of each the names that it may have. */
  readonly columns: readonly (readonly string[])[];
  /** The column with a row's own number, used where the table has it. */
  readonly number?: string;
}

/** A row with the wanted fields. */
export interface Row {
  /** Where it stands, for errors: `FILE, line N`. */
  readonly place: string;
  /** Its own number, else its place in the file from 0, counting rows that were left out. */
  readonly number: number;
  /** In the order of the wanted columns. */
  readonly fields: readonly string[];
}

/** How a file differs from the common form. */
export interface TsvOptions extends Wanted {
  /** Names of all columns, for a file without a header line. */
  readonly header?: readonly string[];
  /** Leaves out rows with too few fields, in a file without the column {@linkcode Wanted.number}; else an error. */
  readonly dropShort?: boolean;
}

/**
 * Reads the wanted columns of a file. Fields are verbatim; a file whose name ends in `.gz` is unpacked.
 *
 * @throws {RequestError} where the file cannot be read, is empty, lacks a column, or a row of it has too few or too many
 * fields
 */
export async function readTsv(path: string, { columns, number, header, dropShort }: TsvOptions): Promise<Row[]> {
  const lines = await readLines(path);
  const first = lines[0]?.split("\t") ?? [];
  if (lines.length === 0) throw new RequestError(`Reading ${path}: wanted rows, found an empty file.`);
  const bare = header !== undefined && header.length === first.length && !columns.every((names) => has(first, names));
  const names = bare ? header : first;
  const places = placesOf(columns, { names, place: `Reading ${path}, line 1` });
  const ownNumber = number === undefined ? -1 : names.indexOf(number);
  const rows: Row[] = [];
  const start = bare ? 0 : 1;
  for (let at = start; at < lines.length; at++) {
    const fields = lines[at]!.split("\t");
    const place = `${path}, line ${at + 1}`;
    if (dropShort && ownNumber < 0 && fields.length < names.length) continue;
    if (fields.length !== names.length) {
      throw new RequestError(`Reading ${place}: wanted ${names.length} fields, found ${fields.length}.`);
    }
    rows.push({
      place,
      number: ownNumber < 0 ? at - start : wholeNumber(fields[ownNumber]!, { name: number!, place }),
      fields: places.map((column) => fields[column]!),
    });
  }
  if (rows.length === 0) throw new RequestError(`Reading ${path}: wanted rows, found none but the header.`);
  return rows;
}

/**
 * The lines of a UTF-8 file without their ends (LF or CRLF), unpacked where its name ends in `.gz`.
 *
 * @throws {RequestError} where it cannot be read: not there, cut short, not gzip, not UTF-8
 */
export async function readLines(path: string): Promise<string[]> {
  try {
    const file = (await Deno.open(path)).readable;
    const bytes = path.endsWith(".gz") ? file.pipeThrough(new DecompressionStream("gzip")) : file;
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await new Response(bytes).arrayBuffer());
    const lines = text.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
    if (lines.at(-1) === "") lines.pop();
    return lines;
  } catch (error) {
    throw new RequestError(`Reading ${path} failed: ${messageOf(error)}`);
  }
}

/** Where among `names` the wanted columns are. */
export function placesOf(
  columns: Wanted["columns"],
  { names, place }: { readonly names: readonly string[]; readonly place: string },
): number[] {
  return columns.map((wanted) => {
    const found = names.findIndex((name) => wanted.includes(name));
    if (found >= 0) return found;
    throw new RequestError(
      `${place}: wanted a column ${wanted.map((name) => `"${name}"`).join(" or ")}; found ${names.join(", ")}.`,
    );
  });
}

/** A field that numbers its row. */
export function wholeNumber(field: string, { name, place }: { readonly name: string; readonly place: string }): number {
  if (/^\d+$/.test(field)) return Number(field);
  throw new RequestError(`Reading ${place}: wanted a whole number as ${name}, found "${field}".`);
}

const has = (names: readonly string[], wanted: readonly string[]) => wanted.some((name) => names.includes(name));
