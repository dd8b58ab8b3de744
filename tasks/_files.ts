/**
 * Which files GLUE's sets are: in folders, and in shards on the hub.
 *
 * @module
 */
import { exists, type Repository } from "@opf/framework";
import { join } from "node:path";
import { readParquet } from "./_parquet.ts";
import type { Row, Wanted } from "./_tsv.ts";

/** GLUE's nine tasks on the Hugging Face hub. */
export const DATASET = "nyu-mll/glue";

/** Files of one set in their order: local paths by their names in the repository. */
export type Shards = { readonly [name: string]: string };

/** The first of these names that a folder has. */
export async function firstOf(names: readonly string[], folder: string): Promise<string | undefined> {
  for (const name of names) if (await exists(join(folder, name))) return name;
}

/** What the hub calls a part of a set: `rte/train-00000-of-00001.parquet`. */
export const nameOfShard = (stem: string, at: number, count: number): string =>
  `${stem}-${`${at}`.padStart(5, "0")}-of-${`${count}`.padStart(5, "0")}.parquet`;

const MOST_SHARDS = 8; // the largest of GLUE's sets, of 50 MB, is one

/** The parts of a set, or nothing where the repository does not have it; their number is found by trying. */
export async function shardsOf({ file }: Repository, stem: string): Promise<Shards | undefined> {
  for (let count = 1; count <= MOST_SHARDS; count++) {
    const first = await file(nameOfShard(stem, 0, count));
    if (first === undefined) continue;
    const shards: Record<string, string> = { [nameOfShard(stem, 0, count)]: first };
    for (let at = 1; at < count; at++) {
      const path = await file(nameOfShard(stem, at, count));
      if (path === undefined) return undefined;
      shards[nameOfShard(stem, at, count)] = path;
    }
    return shards;
  }
}

/** The rows of all parts, one after the other. */
export async function readShards(shards: Shards, wanted: Wanted): Promise<Row[]> {
  const parts: Row[][] = [];
  for (const path of Object.values(shards)) parts.push(await readParquet(path, wanted));
  return parts.flat();
}
