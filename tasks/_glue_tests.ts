/**
 * GLUE's test sets, whose labels its server keeps: https://gluebenchmark.com wants a file of predictions for each.
 *
 * @module
 */
import { type Example, NotFoundError, type Source, type Task, type TaskContext, type TestSet } from "@opf/framework";
import { join, resolve } from "node:path";
import type { GlueOptions } from "./_glue_options.ts";
import { DATASET, firstOf, readShards, shardsOf } from "./_files.ts";
import { readTsv, type Row, type Wanted } from "./_tsv.ts";

/** How the test sets of a task are read, and what is handed in of them. */
export function glueTests(options: GlueOptions): NonNullable<Task["tests"]> {
  const { official, classes, submitLabelNames = false } = options;
  const { tests = [{ file: `${official}.tsv`, set: "test" }] } = options;
  return {
    load: async (context) => {
      const sets: TestSet[] = [];
      for (const { file, set } of tests) sets.push({ file, examples: await load(options, { set, context }) });
      return sets;
    },
    // A score is cut to the scale; three digits, as the labels have.
    write: (prediction) =>
      classes
        ? submitLabelNames ? classes[prediction]! : `${prediction}`
        : Math.min(5, Math.max(0, prediction)).toFixed(3),
  };
}

async function load(
  options: GlueOptions,
  { set, context: { folder, sources } }: { readonly set: string; readonly context: TaskContext },
): Promise<Example[]> {
  const { first, second } = options;
  const wanted: Wanted = { columns: [first, ...second ? [second] : []], number: "idx" };
  const rows = folder === undefined
    ? await fromSources(options, { set, wanted, sources })
    : await fromFolder(options, { set, wanted, folder: resolve(folder) });
  return rows.map(({ number, fields: [one, two] }) => ({
    index: number,
    texts: two === undefined ? [one!] : [one!, two],
  }));
}

async function fromFolder(
  { name, official }: GlueOptions,
  { set, wanted, folder }: { readonly set: string; readonly wanted: Wanted; readonly folder: string },
): Promise<Row[]> {
  const names = [name, official].flatMap((place) => ["tsv", "tsv.gz"].map((ending) => `${place}/${set}.${ending}`));
  const found = await firstOf(names, folder);
  if (found !== undefined) return await readTsv(join(folder, found), wanted);
  throw new NotFoundError(`Loading the test set of ${name} from ${folder}: there is none of ${names.join(", ")}.`);
}

async function fromSources(
  { name }: GlueOptions,
  { set, wanted, sources }: { readonly set: string; readonly wanted: Wanted; readonly sources: readonly Source[] },
): Promise<Row[]> {
  const tried: string[] = [];
  for (const source of sources) {
    const repository = await source.open({ kind: "dataset", id: DATASET });
    const shards = "missing" in repository ? undefined : await shardsOf(repository, `${name}/${set}`);
    if (shards) return await readShards(shards, wanted);
    tried.push(`${source.name}: ${"missing" in repository ? repository.missing : `no ${name}/${set} in it`}`);
  }
  throw new NotFoundError(
    `Loading the test set of ${name}: no source has it in ${DATASET}. Tried ${tried.join("; ") || "none"}.`,
  );
}
