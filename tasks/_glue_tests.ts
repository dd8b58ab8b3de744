/**
 * GLUE's test sets, whose labels are private: the server at https://gluebenchmark.com scores one file of predictions per set.
 *
 * @module
 */
import {
  type Example,
  fromFirstSource,
  NotFoundError,
  type Source,
  type Task,
  type TaskContext,
  type TestSet,
} from "@opf/framework";
import { join, resolve } from "node:path";
import type { GlueOptions } from "./_glue_options.ts";
import { DATASET, firstOf, readShards, shardsOf } from "./_files.ts";
import { readTsv, type Row, type TableColumns } from "./_tsv.ts";

/** Reads the test sets of a task and formats predictions for submission. */
export function glueTests(options: GlueOptions): NonNullable<Task["tests"]> {
  const { official, classes, submitLabelNames = false, scale: [lowest, highest] = [-Infinity, Infinity] } = options;
  const { tests = [{ file: `${official}.tsv`, set: "test" }] } = options;
  return {
    load: async (context) => {
      const sets: TestSet[] = [];
      for (const { file, set } of tests) sets.push({ file, examples: await load(options, { set, context }) });
      return sets;
    },
    // Scores are clipped to the scale and have three digits, as the labels do.
    write: (prediction) =>
      classes
        ? submitLabelNames ? classes[prediction]! : `${prediction}`
        : Math.min(highest, Math.max(lowest, prediction)).toFixed(3),
  };
}

async function load(
  options: GlueOptions,
  { set, context: { folder, sources } }: { readonly set: string; readonly context: TaskContext },
): Promise<Example[]> {
  const { first, second } = options;
  const columns: TableColumns = { columns: [first, ...second ? [second] : []], number: "idx" };
  const rows = folder === undefined
    ? await fromSources(options, { set, columns, sources })
    : await fromFolder(options, { set, columns, folder: resolve(folder) });
  return rows.map(({ number, fields: [one, two] }) => ({
    index: number,
    texts: two === undefined ? [one!] : [one!, two],
  }));
}

async function fromFolder(
  { name, official }: GlueOptions,
  { set, columns, folder }: { readonly set: string; readonly columns: TableColumns; readonly folder: string },
): Promise<Row[]> {
  const names = [name, official].flatMap((place) => ["tsv", "tsv.gz"].map((ending) => `${place}/${set}.${ending}`));
  const file = await firstOf(names, folder);
  if (file !== undefined) return await readTsv(join(folder, file), columns);
  throw new NotFoundError(`Loading the test set of ${name} from ${folder}: none of ${names.join(", ")} exists.`);
}

async function fromSources(
  { name }: GlueOptions,
  { set, columns, sources }: {
    readonly set: string;
    readonly columns: TableColumns;
    readonly sources: readonly Source[];
  },
): Promise<Row[]> {
  const shards = await fromFirstSource(sources, {
    name: { kind: "dataset", id: DATASET },
    read: async (repository) => await shardsOf(repository, `${name}/${set}`) ?? { missing: `it has no ${name}/${set}` },
    what: `Loading the test set of ${name}: no source has it in ${DATASET}`,
  });
  return await readShards(shards, columns);
}
