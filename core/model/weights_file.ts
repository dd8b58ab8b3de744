/**
 * A model's file of weights, read once per process.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { describeIssue, readJsonObject, shortJson } from "../io/json_file.ts";
import { parseSafetensors, readSafetensors, type TensorFile } from "../io/safetensors.ts";
import type { Repository } from "../source.ts";

/** A file of weights, or several as one, whose header was checked and whose digest was taken when it was read. */
export interface WeightsFile {
  readonly path: string;
  /** The sha256 of the file; of several, that of their names and digests. */
  readonly digest: string;
  /** Its tensors. */
  read(): Promise<TensorFile>;
}

/** Files are kept in memory up to this many bytes in all; others are read again when their tensors are needed. */
const MAX_RETAINED_BYTES = 2 ** 28;

let retainedBytes = 0;

/**
 * Opens a repository's `model.safetensors`, or the files that `model.safetensors.index.json` lists. A process opens each file once and passes it on.
 *
 * @throws {RequestError} if there is none, if it is broken, or if the weights are a pickle, which may run its author's code
 */
export async function openWeights(
  repository: Repository,
  { maxRetainedBytes = MAX_RETAINED_BYTES }: { readonly maxRetainedBytes?: number } = {},
): Promise<WeightsFile> {
  const path = await weightsPath(repository);
  return path.endsWith(INDEX)
    ? await openShards(path, { repository, maxRetainedBytes })
    : await openFile(path, maxRetainedBytes);
}

/** The weights of a model that starts at random. */
export const NO_WEIGHTS: WeightsFile = {
  path: "no weights",
  digest: "none",
  read: () =>
    Promise.resolve({
      path: "no weights",
      entries: new Map(),
      metadata: {},
      tensor: (name) => {
        throw new RequestError(`A model without weights has no tensor "${name}".`);
      },
    }),
};

const INDEX = ".index.json";

async function openFile(path: string, maxRetainedBytes: number): Promise<WeightsFile> {
  const bytes = await readBytes(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const file = parseSafetensors(bytes, { path });
  if (retainedBytes + bytes.length > maxRetainedBytes) return unreadFile(path, digest);
  retainedBytes += bytes.length;
  return { path, digest, read: () => Promise.resolve(file) };
}

// Outside of openFile(): a function made there would keep the bytes in memory.
const unreadFile = (path: string, digest: string): WeightsFile => ({ path, digest, read: () => readSafetensors(path) });

const indexSchema = z.object({
  weight_map: z.record(
    z.string(),
    z.string().regex(/^[^/\\]+\.safetensors$/, "expected the name of a safetensors file"),
  ),
});

// Weights in several files, with an index of which tensor lies in which.
async function openShards(
  path: string,
  { repository, maxRetainedBytes }: { readonly repository: Repository; readonly maxRetainedBytes: number },
): Promise<WeightsFile> {
  const json = await readJsonObject(path);
  const { data: index, error } = indexSchema.safeParse(json);
  if (error) throw new RequestError(`${path}: ${describeIssue(error, json)}.`);
  const shardOf = new Map(Object.entries(index.weight_map));
  if (shardOf.size === 0) throw new RequestError(`${path}: "weight_map": expected tensors, got none.`);
  const shards = new Map<string, WeightsFile>();
  for (const name of [...new Set(shardOf.values())].toSorted()) {
    const shard = await repository.file(name);
    if (!shard) throw new RequestError(`${path} lists ${shortJson(name)}, which the repository lacks.`);
    shards.set(name, await openFile(shard, maxRetainedBytes));
  }
  const digest = createHash("sha256");
  for (const [name, shard] of shards) digest.update(`${name} ${shard.digest}\n`);
  const read = async () => joined(path, { shardOf, files: new Map(await readAll(shards)) });
  await read(); // contradictions are found when it is opened
  return { path, digest: digest.digest("hex"), read };
}

const readAll = (shards: ReadonlyMap<string, WeightsFile>) =>
  Promise.all([...shards].map(async ([name, shard]) => [name, await shard.read()] as const));

function joined(
  path: string,
  { shardOf, files }: {
    readonly shardOf: ReadonlyMap<string, string>;
    readonly files: ReadonlyMap<string, TensorFile>;
  },
): TensorFile {
  for (const [shard, { entries }] of files) {
    for (const name of entries.keys()) {
      if (shardOf.get(name) === shard) continue;
      throw new RequestError(
        `${path}: expected the tensor ${shortJson(name)} of ${shard} in its index, got ${shardOf.get(name)}.`,
      );
    }
  }
  const entries = new Map([...shardOf].map(([name, shard]) => {
    const entry = files.get(shard)!.entries.get(name);
    if (!entry) throw new RequestError(`${path} lists the tensor ${shortJson(name)} in ${shard}, which lacks it.`);
    return [name, entry];
  }));
  return {
    path,
    entries,
    metadata: {},
    tensor: (name) => {
      const shard = shardOf.get(name);
      if (shard === undefined) throw new RequestError(`${path} has no tensor ${shortJson(name)}.`);
      return files.get(shard)!.tensor(name);
    },
  };
}

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new RequestError(`${path} cannot be read: ${messageOf(error)}.`);
  }
}

async function weightsPath(repository: Repository): Promise<string> {
  const path = await repository.file("model.safetensors") ?? await repository.file(`model.safetensors${INDEX}`);
  if (path) return path;
  const pickle = await repository.file("pytorch_model.bin") ?? await repository.file(`pytorch_model.bin${INDEX}`);
  throw new RequestError(
    `The model has no model.safetensors (${JSON.stringify(repository.origin)}).` +
      (pickle
        ? " Its pytorch_model.bin is a pickle, which may run its author's code and is not read: convert it with Transformers, " +
          `\`${await classOf(repository)}.from_pretrained(…).save_pretrained(folder, safe_serialization=True)\`.`
        : ""),
  );
}

// Transformers' class that writes all that the weights have: AutoModel leaves the head of a task out.
async function classOf(repository: Repository): Promise<string> {
  const path = await repository.file("config.json");
  const [name] = [path && (await readJsonObject(path)).architectures].flat();
  return typeof name === "string" && /^[A-Z]\w*$/.test(name) ? name : "AutoModel";
}
