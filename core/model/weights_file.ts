/**
 * A model's file of weights, read once per process.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { RequestError } from "../errors.ts";
import { parseSafetensors, readSafetensors, type TensorFile } from "../io/safetensors.ts";
import type { Repository } from "../source.ts";

/** A file of weights whose header was checked and whose digest was taken when it was read. */
export interface WeightsFile {
  readonly path: string;
  /** The sha256 of the file. */
  readonly digest: string;
  /** Its tensors. */
  read(): Promise<TensorFile>;
}

/** Files are kept in memory up to this many bytes in all; others are read again when their tensors are needed. */
const MAX_RETAINED_BYTES = 2 ** 28;

let retainedBytes = 0;

/**
 * Opens a repository's `model.safetensors`. A process opens each file once and passes it on.
 *
 * @throws {RequestError} if there is none, if it is broken, or if the weights are a pickle, which may run its author's code
 */
export async function openWeights(
  repository: Repository,
  { maxRetainedBytes = MAX_RETAINED_BYTES }: { readonly maxRetainedBytes?: number } = {},
): Promise<WeightsFile> {
  const path = await weightsPath(repository);
  const bytes = await Deno.readFile(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const file = parseSafetensors(bytes, { path });
  const retained = retainedBytes + bytes.length <= maxRetainedBytes;
  if (!retained) return { path, digest, read: () => readSafetensors(path) };
  retainedBytes += bytes.length;
  return { path, digest, read: () => Promise.resolve(file) };
}

async function weightsPath(repository: Repository): Promise<string> {
  const path = await repository.file("model.safetensors");
  if (path) return path;
  const pickle = await repository.file("pytorch_model.bin");
  throw new RequestError(
    `The model has no model.safetensors (${JSON.stringify(repository.origin)}).` +
      (pickle
        ? " Its pytorch_model.bin is a pickle, which may run its author's code and is not read: convert it with " +
          "Transformers, `AutoModel.from_pretrained(…).save_pretrained(folder, safe_serialization=True)`."
        : ""),
  );
}
