/**
 * What the tasks of GLUE (Wang et al. 2019) have in common: files, columns and labels.
 *
 * @module
 */
import {
  type Example,
  exists,
  fromFirstSource,
  NotFoundError,
  RequestError,
  sha256OfFile,
  type Source,
  type Task,
  type TaskData,
} from "@opf/framework";
import { join, resolve } from "node:path";
import type { GlueOptions } from "./_glue_options.ts";
import { glueTests } from "./_glue_tests.ts";
import { taskWithOptions } from "./_task_with_options.ts";
import { DATASET, firstOf, nameOfShard, readShards, type Shards, shardsOf } from "./_files.ts";
import { readLines, readTsv, type Row, type TableColumns } from "./_tsv.ts";

/**
 * A task of GLUE. Its data are read from `FOLDER/<name>/` (columns `idx`, `sentence1`, `sentence2` for pairs, `label`) or from
 * the official folders (`FOLDER/RTE/` …); without a folder, from the dataset on the hub.
 */
export function glueTask(options: GlueOptions): Task {
  const { name, classes, primary, metrics, rows } = options;
  const task: Task = {
    name,
    withOptions: (options) => taskWithOptions(task, options),
    head: classes
      ? { kind: "classification", outputs: classes.length, labels: classes }
      : { kind: "regression", outputs: 1 },
    primary,
    rows,
    load: ({ folder, sources }) =>
      folder === undefined ? fromSources(options, sources) : fromFolder(options, resolve(folder)),
    tests: glueTests(options),
    metrics,
  };
  return task;
}

async function fromFolder(options: GlueOptions, folder: string): Promise<TaskData> {
  const { name, official, combinedFile, dev = { file: "dev" } } = options;
  const at = (place: string, file: string) => ["tsv", "tsv.gz"].map((ending) => `${place}/${file}.${ending}`);
  const named = (file: string) => [...at(name, file), ...at(official, file)];
  const whole = combinedFile && [combinedFile.file, combinedFile.dev].map((file) => `${official}/${file}`);
  const sets = [await firstOf(named("train"), folder), await firstOf(named(dev.file), folder)] as const;
  const files = whole && !sets[0]
    ? [await firstOf(whole.slice(0, 1), folder), await firstOf(whole.slice(1), folder)]
    : sets;
  const [train, other] = files;
  if (train === undefined || other === undefined) {
    const looked = [...named("train"), ...named(dev.file), ...whole ?? []].join(", ");
    throw new NotFoundError(
      await exists(folder)
        ? `Loading ${name} from ${folder}: there is no ${
          train === undefined ? "train" : "dev"
        } set. Looked for ${looked}.`
        : `Loading ${name}: there is no folder ${folder}.`,
    );
  }
  const [first, second] = [join(folder, train), join(folder, other)];
  const examples = combinedFile && files !== sets
    ? await readCombined(options, first, { list: second, ids: combinedFile.ids })
    : { train: await readSet(options, first), dev: await readSet(options, second) };
  const third = options.additionalDev && await firstOf(named(options.additionalDev.file), folder);
  const more = third === undefined ? {} : { [third]: join(folder, third) };
  return {
    ...examples,
    ...(third !== undefined && {
      additionalDev: { [options.additionalDev!.name]: await readSet(options, more[third]!) },
    }),
    origin: { folder, files: await digests({ [train]: first, [other]: second, ...more }) },
  };
}

async function readSet(options: GlueOptions, path: string): Promise<Example[]> {
  const { header, dropShort } = options;
  const rows = await readTsv(path, {
    ...columnsOf(options),
    ...(header && { header }),
    ...(dropShort && { dropShort }),
  });
  return rows.map((row) => exampleOf(row, options));
}

/** Reads a table with both sets and a list of the rows that make up the development set. */
async function readCombined(
  options: GlueOptions,
  path: string,
  { list, ids }: { readonly list: string; readonly ids: readonly [string, string] },
): Promise<Pick<TaskData, "train" | "dev">> {
  const devIds = new Set((await readLines(list)).filter((line) => line !== ""));
  const table = columnsOf(options);
  const rows = await readTsv(path, { ...table, columns: [...table.columns, ...ids.map((id) => [id])] });
  const sets = { train: [] as Example[], dev: [] as Example[] };
  const unmatched = new Set(devIds);
  for (const row of rows) {
    const id = row.fields.slice(-2).join("\t");
    sets[devIds.has(id) ? "dev" : "train"].push(exampleOf(row, options));
    unmatched.delete(id);
  }
  const [missing] = unmatched;
  if (missing !== undefined) {
    throw new RequestError(
      `Reading ${list}: no row of ${path} has the ids ${missing.split("\t").join(" and ")} ` +
        `(${unmatched.size} of ${devIds.size} are missing).`,
    );
  }
  return sets;
}

async function fromSources(options: GlueOptions, sources: readonly Source[]): Promise<TaskData> {
  const { name, dev = { hub: "validation" }, additionalDev } = options;
  return await fromFirstSource(sources, {
    name: { kind: "dataset", id: DATASET },
    read: async (repository): Promise<TaskData | { readonly missing: string }> => {
      const stems = [`${name}/train`, `${name}/${dev.hub}`] as const;
      const [train, other] = [await shardsOf(repository, stems[0]), await shardsOf(repository, stems[1])];
      if (!train || !other) return { missing: `its ${DATASET} has no ${nameOfShard(stems[train ? 1 : 0], 0, 1)}` };
      const more = additionalDev && await shardsOf(repository, `${name}/${additionalDev.hub}`);
      const read = async (shards: Shards) =>
        (await readShards(shards, columnsOf(options))).map((row) => exampleOf(row, options));
      return {
        train: await read(train),
        dev: await read(other),
        ...(more && { additionalDev: { [additionalDev!.name]: await read(more) } }),
        origin: { repository: repository.origin, files: await digests({ ...train, ...other, ...more }) },
      };
    },
    what: `Loading ${name}: no source has the dataset ${DATASET}. With --data FOLDER, it is read from ` +
      `FOLDER/${name}/train.tsv and so on`,
  });
}

const columnsOf = ({ first, second, label = ["label"] }: GlueOptions): TableColumns => ({
  columns: [label, first, ...second ? [second] : []],
  number: "idx",
});

function exampleOf(row: Row, { classes, second, scale }: GlueOptions): Example {
  const [field, first, other] = row.fields as readonly [string, string, string];
  return {
    index: row.number,
    texts: second ? [first, other] : [first],
    label: classes ? parseClass(field, { classes, row }) : parseScore(field, { scale, row }),
  };
}

function parseClass(
  field: string,
  { classes, row }: { readonly classes: readonly string[]; readonly row: Row },
) {
  const label = /^(0|[1-9]\d*)$/.test(field) ? Number(field) : classes.indexOf(field);
  if (label >= 0 && label < classes.length) return label;
  const expected = classes.map((name, id) => `${id} (${name})`).join(", ");
  throw new RequestError(`Reading ${row.place}: expected one of ${expected} as label, got "${field}".`);
}

function parseScore(
  field: string,
  { scale = [-Infinity, Infinity], row }: { readonly scale?: GlueOptions["scale"]; readonly row: Row },
): number {
  const score = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(field) ? Number(field) : NaN;
  if (score >= scale[0] && score <= scale[1]) return score;
  throw new RequestError(
    `Reading ${row.place}: expected a number from ${scale[0]} to ${scale[1]} as label, got "${field}".`,
  );
}

async function digests(files: { readonly [name: string]: string }): Promise<{ readonly [name: string]: string }> {
  const digested = Object.entries(files).map(async ([name, path]) => [name, await sha256OfFile(path)] as const);
  return Object.fromEntries(await Promise.all(digested));
}
