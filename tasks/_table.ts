/**
 * Tables of text: tab-separated files without quoting, plain or gzip.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import { gunzipSync } from "node:zlib";

/** Rows by column names; an error can say where a row stands. */
export interface Row {
  readonly cells: readonly string[];
  /** `FILE, line N`. */
  readonly place: string;
}

/** The lines of a file that are not empty, cut at tabs. */
export async function readRows(path: string): Promise<Row[]> {
  const text = decode(await Deno.readFile(path), path);
  const rows = text.split("\n").map((line, index) => ({
    cells: line.replace(/\r$/, "").split("\t"),
    place: `${path}, line ${index + 1}`,
  })).filter(({ cells }) => cells.length > 1 || cells[0] !== "");
  if (rows.length === 0) throw new RequestError(`${path} is empty.`);
  return rows;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new RequestError(`${path} cannot be read: ${(error as Error).message}.`);
  }
}

/** The place of a column among a table's, by the first of its names that the head has. */
export function columnOf(head: Row, names: readonly string[]): number {
  const at = names.map((name) => head.cells.indexOf(name)).find((place) => place >= 0);
  if (at === undefined) {
    throw new RequestError(
      `${head.place}: wanted a column ${names.map((name) => `"${name}"`).join(" or ")}, found ${
        head.cells.map((cell) => `"${cell}"`).join(", ")
      }.`,
    );
  }
  return at;
}

/** A cell of a row. */
export function cellOf({ cells, place }: Row, column: { readonly at: number; readonly name: string }): string {
  const cell = cells[column.at];
  if (cell === undefined) {
    throw new RequestError(`${place}: wanted a field "${column.name}", found ${cells.length} fields.`);
  }
  return cell;
}
