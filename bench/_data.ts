/**
 * Real batches of a task, in a file that both sides read.
 *
 * @module
 */
import { fromFirstSource, loadTokenizer, RandomKey } from "@opf/framework";
import { bert, folder, hub, pypi } from "@opf/framework/plugins";
import { chunks } from "../core/training/batches.ts";
import { encode } from "../core/training/encoded_examples.ts";
import * as tasks from "../tasks/mod.ts";

/** The tasks that are measured with `--data`. */
export const TASKS = ["rte", "mrpc", "cola"] as const;

/** Whose tokenizer encodes the examples. */
export const MODEL = "sentence-transformers/all-MiniLM-L6-v2";

const BATCHES = 10, BATCH_SIZE = 32, LENGTH = 128;

/**
 * Writes ten batches, drawn as training draws them from a task's examples. Returns the path of the file.
 *
 * @param model a folder, or a name that a source knows
 */
export async function writeBatches(
  task: (typeof TASKS)[number],
  { data, model, into }: { readonly data: string; readonly model: string; readonly into: string },
): Promise<string> {
  const sources = [folder(), hub(), pypi()];
  const { train } = await tasks[task].load({ folder: data, sources });
  const order = RandomKey.of(1).fold("shuffle").permutation(train.length).slice(0, BATCHES * BATCH_SIZE);
  const encoded = await encode(order.map((index) => train[index]!), {
    tokenizer: await tokenizer(model, sources),
    maxLength: LENGTH,
  });
  const examples = encoded.map(({ ids, tokenTypeIds, index, label }) => (
    { ids: [...ids], tokenTypeIds: [...tokenTypeIds], index, label }
  ));
  const path = `${into}/${task}.json`;
  await Deno.writeTextFile(path, JSON.stringify([...chunks(examples, BATCH_SIZE)]));
  return path;
}

async function tokenizer(model: string, sources: readonly ReturnType<typeof folder>[]) {
  const repository = await fromFirstSource(sources, {
    name: { kind: "model", id: model },
    read: (repository) => repository,
    what: `No source has the tokenizer of ${model}`,
  });
  return await loadTokenizer(repository, { tokenizerClass: bert({ source: model }).tokenizer });
}
