/**
 * The frame of a GLUE task (Wang et al. 2019): where its files are, what their columns and labels are called.
 *
 * @module
 */
import {
  type Example,
  exists,
  type Head,
  type MetricName,
  type Metrics,
  RequestError,
  sha256OfFile,
  type Task,
  type TaskContext,
  type TaskData,
} from "@opf/framework";
import { parquetReadObjects } from "hyparquet";
import { cellOf, columnOf, readRows } from "./_table.ts";

type Split = "train" | "dev";

/** How one task differs from the others. */
export interface GlueOptions {
  readonly name: string;
  /** Its folder in the official release. */
  readonly official: string;
  /** Column names: ours, the official ones, the hub's. */
  readonly first: readonly string[];
  readonly second?: readonly string[];
  /** @default "label" */
  readonly label?: readonly string[];
  /** Names of the classes in the order of their numbers; absent for a score. */
  readonly classes?: readonly string[];
  readonly primary: MetricName;
  readonly metrics: {
    readonly [name in MetricName]?: (predictions: readonly number[], labels: readonly number[]) => number;
  };
  readonly rows: { readonly train: number; readonly dev: number };
  /** Names of the files of a split, without folder and ending. @default train, dev */
  readonly files?: { readonly [split in Split]?: readonly string[] };
  /** Splits as the hub names them. @default train, validation */
  readonly hub?: { readonly [split in Split]?: string };
  /** Columns by place, for official files without a head. */
  readonly headless?: { readonly first: number; readonly label: number };
}

/** A task of GLUE. Its data come from `--data` or from the hub's `nyu-mll/glue`. */
export function glueTask(options: GlueOptions): Task {
  const { name, classes, primary, metrics, rows } = options;
  const head: Head = classes
    ? { kind: "classification", outputs: classes.length, labels: classes }
    : { kind: "regression", outputs: 1 };
  return {
    name,
    head,
    primary,
    rows,
    load: (context) => context.folder === undefined ? fromHub(options, context) : fromFolder(options, context.folder),
    metrics: (predictions, labels): Metrics =>
      Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric(predictions, labels)])),
  };
}

async function fromFolder(options: GlueOptions, folder: string): Promise<TaskData> {
  const files: Record<string, string> = {};
  const read = async (split: Split) => {
    const path = await findFile(options, { folder, split });
    files[path.slice(folder.length + 1)] = await sha256OfFile(path);
    return readExamples(path, options);
  };
  const [train, dev] = [await read("train"), await read("dev")];
  return { train, dev, origin: { source: "folder", files } };
}

async function findFile({ name, official, files }: GlueOptions, { folder, split }: { folder: string; split: Split }) {
  const wanted = [name, official].flatMap((own) =>
    (files?.[split] ?? [split]).flatMap((file) =>
      [".tsv", ".tsv.gz", ".txt"].map((end) => `${folder}/${own}/${file}${end}`)
    )
  );
  for (const path of wanted) if (await exists(path)) return path;
  throw new RequestError(`${name}: no ${split} set. Looked for ${wanted.join(", ")}.`);
}

/** The labelled examples of a file. */
async function readExamples(path: string, options: GlueOptions): Promise<Example[]> {
  const { first, second, label = ["label"], headless } = options;
  const rows = await readRows(path);
  const column = (names: readonly string[]) => ({ at: columnOf(rows[0]!, names), name: names[0]! });
  const isHeadless = headless !== undefined && !rows[0]!.cells.includes(label[0]!);
  const at = isHeadless
    ? { first: { at: headless.first, name: "sentence" }, label: { at: headless.label, name: "label" } }
    : { first: column(first), ...(second && { second: column(second) }), label: column(label) };
  const number = isHeadless ? -1 : rows[0]!.cells.indexOf("idx");
  return rows.slice(isHeadless ? 0 : 1).map((row, index) => {
    const text = cellOf(row, at.first);
    const pair = "second" in at && at.second ? cellOf(row, at.second) : undefined;
    const idx = number < 0 ? index : Number(row.cells[number]);
    return {
      index: Number.isSafeInteger(idx) ? idx : index,
      texts: pair === undefined ? [text] : [text, pair],
      label: labelOf(cellOf(row, at.label), { ...options, place: row.place }),
    };
  });
}

function labelOf(text: string, { classes, place }: { classes?: readonly string[]; place: string }): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (!classes) {
    if (Number.isFinite(number)) return number;
    throw new RequestError(`${place}: wanted a number as label, found "${text}".`);
  }
  const label = classes.includes(text) ? classes.indexOf(text) : number;
  if (Number.isInteger(label) && label >= 0 && label < classes.length) return label;
  throw new RequestError(
    `${place}: wanted a label 0 to ${classes.length - 1} or one of ${classes.join(", ")}, found "${text}".`,
  );
}

async function fromHub(options: GlueOptions, { sources }: TaskContext): Promise<TaskData> {
  const { name } = options;
  const tried: string[] = [];
  for (const source of sources) {
    const repository = await source.open({ kind: "dataset", id: "nyu-mll/glue" });
    if ("missing" in repository) {
      tried.push(`${source.name}: ${repository.missing}`);
      continue;
    }
    const files: Record<string, string> = {};
    const read = async (split: Split) => {
      const file = `${name}/${options.hub?.[split] ?? (split === "dev" ? "validation" : split)}-00000-of-00001.parquet`;
      const path = await repository.file(file);
      if (!path) throw new RequestError(`${name}: ${source.name} has nyu-mll/glue, but not its file ${file}.`);
      files[file] = await sha256OfFile(path);
      return readParquet(path, { ...options, file });
    };
    const [train, dev] = [await read("train"), await read("dev")];
    return { train, dev, origin: { source: repository.origin, files } };
  }
  throw new RequestError(
    `${name}: no data. Give --data FOLDER with ${name}/train.tsv and ${name}/dev.tsv, or let the hub be reached ` +
      `(nyu-mll/glue). Tried ${tried.join("; ")}.`,
  );
}

async function readParquet(path: string, options: GlueOptions & { readonly file: string }): Promise<Example[]> {
  const { first, second, classes, file } = options;
  const bytes = await Deno.readFile(path);
  const rows = await parquetReadObjects({ file: bytes.buffer }) as Record<string, unknown>[];
  const text = (row: Record<string, unknown>, names: readonly string[], place: string) => {
    const value = names.map((name) => row[name]).find((value) => value !== undefined);
    if (typeof value === "string") return value;
    throw new RequestError(
      `${place}: wanted a text in ${names.join(" or ")}, found the columns ${Object.keys(row).join(", ")}.`,
    );
  };
  return rows.map((row, index) => {
    const place = `${file}, row ${index + 1}`;
    const one = text(row, first, place);
    return {
      index: Number(row.idx ?? index),
      texts: second ? [one, text(row, second, place)] : [one],
      label: labelOf(String(row.label ?? ""), { ...(classes && { classes }), place }),
    };
  });
}
