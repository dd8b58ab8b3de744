/**
 * A run's merged model as a folder that Transformers loads, read back as Transformers would read it.
 *
 * @module
 */
import { join } from "node:path";
import { exists } from "../io/cache.ts";
import { readJsonObject } from "../io/json_file.ts";
import { readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { Json } from "../json.ts";
import type { EncodedExample } from "../model/batch.ts";
import { loadWritten, readConfig, unreadTensors } from "../model/pretrained.ts";
import { loadTokenizer } from "../model/pretrained_tokenizer.ts";
import type { Architecture } from "../model/model.ts";
import { writeTextAtomic } from "../results/result.ts";
import type { Repository } from "../source.ts";
import type * as tf from "../backend/tf.ts";
import { modelCard } from "./model_card.ts";
import type { ResolvedRun } from "./resolve.ts";

/** What is exported. */
export interface ExportOptions {
  readonly folder: string;
  /** Dense parameters by name. */
  readonly merged: ReadonlyMap<string, tf.Tensor>;
  /** On the dev set. */
  readonly metrics: { readonly [name: string]: number };
}

/** Writes `config.json`, the tokenizer's files, a model card and, last, `model.safetensors`. */
export async function exportModel(run: ResolvedRun, { folder, merged, metrics }: ExportOptions): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, path } of run.tokenizerFiles) {
    if (name === "tokenizer_config.json") {
      await writeTextAtomic(join(folder, name), await exportedTokenizerConfig(path));
    } else await Deno.copyFile(path, join(folder, name));
  }
  await writeTextAtomic(join(folder, "config.json"), configText(run.architecture.config));
  await writeTextAtomic(join(folder, "README.md"), cardOf(run, { merged, metrics }));
  await writeSafetensors(join(folder, "model.safetensors"), unreadTensors(merged));
}

/** A model that was read back. */
export interface ReadExport {
  /** As the folder's own config describes it. */
  readonly architecture: Architecture;
  /** In the order of its parameters. */
  readonly tensors: ReadonlyMap<string, tf.Tensor>;
}

/**
 * Reads an export from its files alone: the model that its config describes, in the type of numbers that the config names,
 * with the tokenizer of the folder.
 *
 * @throws {Error} if this is not the model of the run
 */
export async function readExport(
  run: ResolvedRun,
  { folder, dev }: { readonly folder: string; readonly dev: readonly EncodedExample[] },
): Promise<ReadExport> {
  const wrong = (what: string) => new Error(`The exported model ${folder}: ${what}.`);
  const repository: Repository = {
    origin: { folder },
    file: async (name) => await exists(join(folder, name)) ? join(folder, name) : undefined,
  };
  const { head } = run.spec.task;
  const config = await readConfig(repository);
  const architecture = run.plugin.architecture(config, head);
  const shapes = (of: Architecture) => JSON.stringify(of.parameters.map(({ name, shape }) => [name, shape]));
  if (shapes(architecture) !== shapes(run.architecture)) throw wrong("its config describes other parameters");
  const labels = Object.values((config.id2label ?? {}) as { readonly [index: string]: string });
  if (!head.answers && labels.length !== head.outputs) {
    throw wrong(`expected ${head.outputs} labels, got ${labels.length}`);
  }
  if (architecture.pretrainedHead && !("assumed" in architecture.pretrainedHead)) {
    throw wrong(`its labels ${labels.join(", ")} are not those of the task`);
  }
  const tokenizer = await loadTokenizer(repository, { tokenizerClass: run.plugin.tokenizer });
  run.examples.dev.slice(0, 200).forEach(({ texts }, index) => {
    const { ids } = tokenizer.encode(texts, run.spec.training.maxLength);
    if (ids.join() !== [...dev[index]!.ids].join()) {
      throw wrong(`its tokenizer gives other tokens for ${JSON.stringify(texts)}`);
    }
  });
  const file = await readSafetensors(join(folder, "model.safetensors"));
  const type = config.dtype === "float32" ? "F32" : undefined;
  for (const [name, { dtype }] of file.entries) {
    if (dtype !== type) throw wrong(`its config says ${config.dtype}, "${name}" is ${dtype}`);
  }
  return { architecture, tensors: loadWritten(file, { architecture }) };
}

// Code of the base model's author and places on others' machines are no part of an export.
const LEFT_OUT = [
  "auto_map",
  "name_or_path",
  "_name_or_path",
  "_commit_hash",
  "tokenizer_file",
  "special_tokens_map_file",
];

async function exportedTokenizerConfig(path: string): Promise<string> {
  const config = Object.entries(await readJsonObject(path)).filter(([key]) => !LEFT_OUT.includes(key));
  return JSON.stringify(Object.fromEntries(config), undefined, 2) + "\n";
}

// Keys that Transformers takes as floats alone. JavaScript writes 1.0 as 1.
const FLOAT = /^(\s*"\w*(?:_eps|_epsilon|_range|_factor|_std|layerdrop)": -?\d+)(,?)$/gm;

/** `config.json` as Transformers reads it. */
export const configText = (config: { readonly [key: string]: Json }): string =>
  JSON.stringify(config, undefined, 2).replace(FLOAT, "$1.0$2") + "\n";

function cardOf(
  { spec, plugin, model, base, origin, architecture }: ResolvedRun,
  { metrics }: Pick<ExportOptions, "merged" | "metrics">,
): string {
  const { decomposition, policy } = spec.method;
  const { id } = (origin.repository ?? {}) as { readonly id?: Json };
  const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  return modelCard({
    baseModel: plugin.source,
    title: model,
    base,
    datasets: typeof id === "string" ? [id] : [],
    task: spec.task.name,
    ...(spec.task.head.answers && spec.task.options && { taskOptions: spec.task.options }),
    pipeline: spec.task.head.answers ? "text2text-generation" : "text-classification",
    method: spec.label,
    ...(decomposition && { decomposition }),
    ...(policy && { policy }),
    seed: spec.seed,
    parameters: architecture.parameters.reduce((sum, { shape, tiedTo }) => tiedTo ? sum : sum + elements(shape), 0),
    metrics,
    training: { ...spec.training },
  });
}
