/**
 * Tab-separated files in GLUE's form: UTF-8, no quoting, one row per line, optionally gzipped.
 *
 * @module
 */
import { readTextFile, RequestError } from "@opf/framework";

/** Which columns to read. */
export interface TableColumns {
  /** The columns in the order of {@linkcode Row.fields}; for each the names that it may have. */
  readonly columns: readonly (readonly string[])[];
  /** The column with the index of a row, used if the table has it. */
  readonly number?: string;
}

/** The requested fields of a row. */
export interface Row {
  /** For errors: `FILE, line N`. */
  readonly place: string;
  /** Its own index, else its position in the file from 0, counting dropped rows. */
  readonly number: number;
  /** In the order of the requested columns. */
  readonly fields: readonly string[];
}

class TsvRow implements Row {
  number = 0;

  constructor(readonly path: string, readonly line: number, readonly fields: readonly string[]) {}

  // Made for messages alone: a file has up to millions of rows.
  get place(): string {
    return `${this.path}, line ${this.line}`;
  }
}

/** How a file differs from the common form. */
export interface TsvOptions extends TableColumns {
  /** Names of all columns, for a file without a header line. */
  readonly header?: readonly string[];
  /** Drops rows with too few fields if the file has no column {@linkcode TableColumns.number}. @default false: an error */
  readonly dropShort?: boolean;
}

/**
 * Reads the requested columns of a file. Fields are verbatim; a file whose name ends in `.gz` is decompressed.
 *
 * @throws {RequestError} if the file cannot be read, is empty, lacks a column, or has a row with the wrong number of fields or
 *   with the index of an earlier row
 */
export async function readTsv(path: string, { columns, number, header, dropShort }: TsvOptions): Promise<Row[]> {
  const lines = await readLines(path);
  while (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new RequestError(`Reading ${path}: expected rows, got an empty file.`);
  const first = lines[0]!.split("\t");
  const hasHeader = header === undefined || header.length !== first.length ||
    columns.every((names) => names.some((name) => first.includes(name)));
  const names = hasHeader ? first : header;
  const positions = findColumns(columns, { names, place: `Reading ${path}, line 1` });
  const indexColumn = number === undefined ? -1 : names.indexOf(number);
  const start = hasHeader ? 1 : 0;
  const rows: Row[] = [];
  for (let line = start; line < lines.length; line++) {
    const fields = lines[line]!.split("\t");
    if (dropShort && indexColumn < 0 && fields.length < names.length) continue;
    if (fields.length !== names.length) {
      throw new RequestError(
        `Reading ${path}, line ${line + 1}: expected ${names.length} fields, got ${fields.length}.`,
      );
    }
    const row = new TsvRow(path, line + 1, positions.map((position) => fields[position]!));
    row.number = indexColumn < 0 ? line - start : parseIndex(fields[indexColumn]!, { name: number!, row });
    rows.push(row);
  }
  if (rows.length === 0) throw new RequestError(`Reading ${path}: expected rows, got only a header.`);
  if (indexColumn >= 0) checkDistinct(rows, number!);
  return rows;
}

/** The most rows of a file; GLUE's largest set has 392,702. */
export const MAX_ROWS = 4_000_000;

/**
 * The lines of a text file without their ends (LF or CRLF), decompressed if its name ends in `.gz`.
 *
 * @throws {RequestError} if the file is missing, too large, truncated, not gzip, or not UTF-8
 */
export async function readLines(path: string): Promise<string[]> {
  const text = await readTextFile(path);
  let count = 1;
  for (let end = -1; (end = text.indexOf("\n", end + 1)) >= 0;) count++;
  if (count > MAX_ROWS) throw new RequestError(`Reading ${path}: expected at most ${MAX_ROWS} lines, got ${count}.`);
  const lines = text.split("\n");
  if (text.includes("\r")) {
    lines.forEach((line, index) => line.endsWith("\r") && (lines[index] = line.slice(0, -1)));
  }
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The positions of the requested columns among `names`. */
export function findColumns(
  columns: TableColumns["columns"],
  { names, place }: { readonly names: readonly string[]; readonly place: string },
): number[] {
  return columns.map((aliases) => {
    const position = names.findIndex((name) => aliases.includes(name));
    const expected = aliases.map((name) => `"${name}"`).join(" or ");
    if (position < 0) throw new RequestError(`${place}: expected a column ${expected}, got ${names.join(", ")}.`);
    if (names.lastIndexOf(names[position]!) === position) return position;
    throw new RequestError(`${place}: expected one column "${names[position]}", got several.`);
  });
}

/** Parses the index of a row: an integer from 0 to 2⁵³ − 1. */
export function parseIndex(
  field: string,
  { name, row }: { readonly name: string; readonly row: Pick<Row, "place"> },
): number {
  const index = /^\d+$/.test(field) ? Number(field) : NaN;
  if (Number.isSafeInteger(index)) return index;
  throw new RequestError(`Reading ${row.place}: expected an integer from 0 to 2^53 - 1 as ${name}, got "${field}".`);
}

/** Throws if two rows have the same index. */
export function checkDistinct(rows: readonly Row[], name: string): void {
  if (rows.every(({ number }, index) => index === 0 || number > rows[index - 1]!.number)) return; // as most files are
  const byNumber = new Map<number, Row>();
  for (const row of rows) {
    const earlier = byNumber.get(row.number);
    if (earlier) throw new RequestError(`Reading ${row.place}: the ${name} ${row.number} is that of ${earlier.place}.`);
    byNumber.set(row.number, row);
  }
}
