/**
 * `config.json` in Transformers' words: read, checked, and written for a task.
 *
 * @module
 */
import { type Head, type PretrainedHead, RequestError } from "@opf/framework";
import { z } from "zod";
import { checkConfigKeys, type ConfigFile, exportedKeys, shortened } from "./_config_keys.ts";
import { ACTIVATIONS } from "./_layers/layers.ts";

export type { ConfigFile };

/** A number of heads, or of elements of an axis. */
export const size = z.int().min(1).max(2 ** 20);
/** A number of layers. */
export const layerCount = z.int().min(1).max(1024);
/** A number of tokens. */
export const vocabularySize = z.int().min(1).max(2 ** 24);
/** What is added to a variance. */
export const epsilon = z.number().min(1e-30).max(1);
/** The standard deviation of parameters that are newly initialized. */
export const initializerRange = z.number().min(0).max(100);
/** The share of elements that dropout drops. */
export const dropoutRate = z.number().min(0).lt(1);
/** A name in {@linkcode ACTIVATIONS}. */
export const activation = z.enum(Object.keys(ACTIVATIONS) as [string, ...string[]]);

/**
 * Checks a config against the schema of a model, and that no other key changes the mathematics.
 *
 * @throws {RequestError} with the key, what was expected and what is there
 */
export function parseConfig<S extends z.ZodObject>(
  config: ConfigFile,
  { model, schema, harmless = [] }: {
    readonly model: string;
    readonly schema: S;
    /** Keys of old files that change no number. */
    readonly harmless?: readonly string[];
  },
): z.output<S> {
  const { data, error } = schema.safeParse(config);
  if (!error) {
    checkConfigKeys(config, { model, own: Object.keys(schema.shape), harmless });
    return data;
  }
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  const problem = message.replace(/^[A-Z][a-z ]+: /, "").replace(/, received .*$/, "");
  return refuse(config, { model, key: String(path[0]), problem });
}

/** Throws that a key of a config cannot be used. */
export function refuse(
  config: ConfigFile,
  { model, key, problem }: { readonly model: string; readonly key: string; readonly problem: string },
): never {
  throw new RequestError(`config.json of ${model}: "${key}": ${problem}, got ${shortened(config[key])}.`);
}

/** Refuses a width that does not divide into heads. */
export function checkHeads(
  config: ConfigFile,
  { heads, width, ...place }: {
    readonly model: string;
    /** The key of the number of heads. */
    readonly key: string;
    readonly heads: number;
    readonly width: number;
  },
): void {
  if (width % heads !== 0) refuse(config, { ...place, problem: `expected a divisor of the width ${width}` });
}

/** Refuses ids of tokens that have no embedding. */
export function checkTokenIds(
  config: ConfigFile,
  { model, tokens, ids }: {
    readonly model: string;
    /** The number of embeddings. */
    readonly tokens: number;
    /** By key. */
    readonly ids: { readonly [key: string]: number };
  },
): void {
  for (const [key, id] of Object.entries(ids)) {
    if (id < tokens) continue;
    refuse(config, { model, key, problem: `expected an id below ${tokens}, as "vocab_size" says` });
  }
}

/** The number of layers to keep of those that a model has. */
export function keptLayers(
  layers: number | undefined,
  { model, available }: { readonly model: string; readonly available: number },
): number {
  if (layers !== undefined && !(Number.isInteger(layers) && layers >= 1 && layers <= available)) {
    throw new RequestError(`${model}({ layers: ${layers} }): expected 1 to ${available}, the layers of the model.`);
  }
  return layers ?? available;
}

/**
 * What becomes of the head in the weights of a config: its rows in the order of the task's labels where both name them,
 * or `undefined` if they name other labels. Labels are compared without regard to case.
 *
 * @throws {RequestError} for labels that contradict themselves
 */
export function pretrainedHead(
  file: ConfigFile,
  { model, head }: { readonly model: string; readonly head: Head },
): { pretrainedHead?: PretrainedHead } {
  const { id2label, label2id, problem_type } = parseLabels(file, model);
  if (head.kind === "regression") return {};
  const assumed = head.labels ? { pretrainedHead: { assumed: head.labels } } : {};
  if (!id2label) return assumed;
  if (problem_type === "multi_label_classification") {
    return { pretrainedHead: { unused: "it was trained for several labels at a time" } };
  }
  const names = Object.keys(id2label).map((_, index) => id2label[index]);
  if (names.some((name) => name === undefined)) {
    refuse(file, { model, key: "id2label", problem: "expected a name for each number from 0 on" });
  }
  if (label2id && names.some((name, index) => label2id[name!] !== index)) {
    refuse(file, { model, key: "label2id", problem: "expected the numbers of id2label" });
  }
  const isNamed = names.some((name, index) => name !== `LABEL_${index}`);
  if (!isNamed || !head.labels) return assumed;
  const plain = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, "_");
  const rows = head.labels.map((label) => names.findIndex((name) => plain(name!) === plain(label)));
  if (rows.length !== names.length || rows.includes(-1)) {
    return { pretrainedHead: { unused: `its labels are ${names.join(", ")}, the task's ${head.labels.join(", ")}` } };
  }
  return rows.every((row, index) => row === index) ? {} : { pretrainedHead: { rows } };
}

const labelsSchema = z.object({
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).nullish(),
  label2id: z.record(z.string(), z.int().min(0)).nullish(),
  problem_type: z.string().nullish(),
});

function parseLabels(file: ConfigFile, model: string): z.output<typeof labelsSchema> {
  const { data, error } = labelsSchema.safeParse(file);
  return data ?? refuse(file, { model, key: String(error!.issues[0]!.path[0]), problem: "expected names by number" });
}

interface ExportedOptions {
  /** Transformers' class, `BertForSequenceClassification`. */
  readonly architecture: string;
  /** Keys with another value than in the file. */
  readonly changes?: ConfigFile;
}

/** `config.json` of a written model: what of its file is true of it, and the type of its numbers. */
export const exportedFile = (file: ConfigFile, { architecture, changes = {} }: ExportedOptions): ConfigFile => ({
  ...exportedKeys(file),
  ...changes,
  architectures: [architecture],
  dtype: "float32",
  torch_dtype: "float32", // the same for versions before 4.56
});

/** The same of a model for sequence classification, with its head. */
export function exportedConfig(
  file: ConfigFile,
  { head: { kind, outputs, labels }, ...options }: ExportedOptions & { readonly head: Head },
): ConfigFile {
  const names = labels ?? Array.from({ length: outputs }, (_, index) => `LABEL_${index}`);
  return {
    ...exportedFile(file, options),
    problem_type: kind === "regression" ? "regression" : "single_label_classification",
    id2label: Object.fromEntries(names.map((name, index) => [index, name])),
    label2id: Object.fromEntries(names.map((name, index) => [name, index])),
  };
}
