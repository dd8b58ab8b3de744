/**
 * The files of GLUE's sets: tables in folders, and shards on the hub.
 *
 * @module
 */
import { exists, type Repository } from "@opf/framework";
import { join } from "node:path";
import { readParquet } from "./_parquet.ts";
import type { Row, TableColumns } from "./_tsv.ts";

/** GLUE's nine tasks on the Hugging Face hub. */
export const DATASET = "nyu-mll/glue";

/** The files of one set in order: local paths by their names in the repository. */
export type Shards = { readonly [name: string]: string };

/** The first of the names that exists in a folder. */
export async function firstOf(names: readonly string[], folder: string): Promise<string | undefined> {
  for (const name of names) if (await exists(join(folder, name))) return name;
}

/** The hub's name for a shard: `rte/train-00000-of-00001.parquet`. */
export const nameOfShard = (stem: string, index: number, count: number): string =>
  `${stem}-${`${index}`.padStart(5, "0")}-of-${`${count}`.padStart(5, "0")}.parquet`;

const MAX_SHARDS = 8; // GLUE's largest set, of 50 MB, is one shard

/** The shards of a set, or `undefined` if the repository has no such set. Their number is found by trying. */
export async function shardsOf({ file }: Repository, stem: string): Promise<Shards | undefined> {
  for (let count = 1; count <= MAX_SHARDS; count++) {
    const first = await file(nameOfShard(stem, 0, count));
    if (first === undefined) continue;
    const shards: Record<string, string> = { [nameOfShard(stem, 0, count)]: first };
    for (let index = 1; index < count; index++) {
      const path = await file(nameOfShard(stem, index, count));
      if (path === undefined) return undefined;
      shards[nameOfShard(stem, index, count)] = path;
    }
    return shards;
  }
}

/** The rows of all shards in order. */
export async function readShards(shards: Shards, columns: TableColumns): Promise<Row[]> {
  const parts: Row[][] = [];
  for (const path of Object.values(shards)) parts.push(await readParquet(path, columns));
  return parts.flat();
}
