/**
 * `config.json` in Transformers' words: read, checked, and written for a task.
 *
 * @module
 */
import { type Head, type Json, RequestError } from "@opf/framework";
import { z } from "zod";
import { ACTIVATIONS } from "./_layers.ts";

/** The content of a `config.json`. */
export type ConfigFile = { readonly [key: string]: Json };

/** A number of layers, heads, elements of an axis. */
export const size = z.int().min(1);
/** What is added to a variance. */
export const epsilon = z.number().min(0);
/** The share of elements that dropout drops. */
export const dropoutRate = z.number().min(0).lt(1);
/** A name in {@linkcode ACTIVATIONS}. */
export const activation = z.enum(Object.keys(ACTIVATIONS) as [string, ...string[]]);

/**
 * Checks a config against the schema of a model.
 *
 * @throws {RequestError} with the key, what was expected and what is there
 */
export function parseConfig<S extends z.ZodType>(
  config: ConfigFile,
  { model, schema }: { readonly model: string; readonly schema: S },
): z.output<S> {
  const { data, error } = schema.safeParse(config);
  if (!error) return data;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  return refuse(config, { model, key: String(path[0]), problem: message });
}

/** Throws that a key of a config cannot be used. */
export function refuse(
  config: ConfigFile,
  { model, key, problem }: { readonly model: string; readonly key: string; readonly problem: string },
): never {
  throw new RequestError(`config.json of ${model}: "${key}": ${problem}, got ${JSON.stringify(config[key])}`);
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

/** The number of layers to keep of those that a model has. */
export function keptLayers(
  layers: number | undefined,
  { model, available }: { readonly model: string; readonly available: number },
): number {
  if (layers !== undefined && !(Number.isInteger(layers) && layers >= 1 && layers <= available)) {
    throw new RequestError(`${model}({ layers: ${layers} }): expected 1 to ${available}, the layers of the model`);
  }
  return layers ?? available;
}

/** What of a config depends on the task: the kind of problem and the names of the classes. */
export function headConfig({ kind, outputs, labels }: Head): ConfigFile {
  const names = labels ?? Array.from({ length: outputs }, (_, index) => `LABEL_${index}`);
  return {
    problem_type: kind === "regression" ? "regression" : "single_label_classification",
    id2label: Object.fromEntries(names.map((name, index) => [index, name])),
    label2id: Object.fromEntries(names.map((name, index) => [name, index])),
  };
}
