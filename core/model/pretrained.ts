/**
 * A model's parameters from a file of weights, checked before anything runs.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import { type Architecture, type ParameterInfo, untied } from "./model.ts";
import type { RandomKey } from "../random.ts";
import { readSafetensors, type TensorFile } from "../io/safetensors.ts";
import type { Repository } from "../source.ts";
import * as tf from "../backend/tf.ts";

/** What of a file was used, and what was not. */
export interface Loaded {
  readonly tensors: Map<string, tf.Tensor>;
  /** Parameters that the file does not have: they begin anew. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model does not have. */
  readonly unexpected: readonly string[];
}

/** `config.json` of a repository. */
export async function readConfig(repository: Repository): Promise<{ [key: string]: Json }> {
  const path = await repository.file("config.json");
  if (!path) throw new RequestError(`The model has no config.json (${JSON.stringify(repository.origin)}).`);
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new RequestError(`${path} is not JSON: ${(error as Error).message}.`);
  }
}

/** The path of a repository's weights; a checkpoint that is only a pickle is refused. */
export async function weightsFile(repository: Repository): Promise<string> {
  const path = await repository.file("model.safetensors");
  if (path) return path;
  const pickle = await repository.file("pytorch_model.bin");
  throw new RequestError(
    `The model has no model.safetensors (${JSON.stringify(repository.origin)}).` +
      (pickle
        ? " Its pytorch_model.bin is a pickle, which may run code of its author's and is not read: convert it with " +
          "Transformers, `AutoModel.from_pretrained(…).save_pretrained(folder, safe_serialization=True)`."
        : ""),
  );
}

/**
 * Checks that a file of weights is this model's, without making a tensor: names are matched through the architecture, then
 * shapes and types. A missing parameter is an error, unless it is the new head or an optional part.
 */
export async function checkPretrained(
  path: string,
  { architecture, note }: { architecture: Architecture; note?: (message: string) => void },
) {
  const file = await readSafetensors(path);
  const { found, unexpected } = matchNames(file, architecture);
  const missing = untied(architecture.parameters).filter(({ name }) => !found.has(name));
  const lost = missing.filter(({ ifMissing }) => !ifMissing);
  const names = (list: readonly string[]) => list.slice(0, 8).join(", ") + (list.length > 8 ? ", …" : "");
  if (lost.length > 0) {
    throw new RequestError(
      `${path} lacks ${lost.length} of the model's ${architecture.parameters.length} parameters: ` +
        `${names(lost.map(({ name }) => name))}.` +
        (unexpected.length > 0 ? ` It has, and the model does not: ${names(unexpected)}.` : ""),
    );
  }
  const optional = missing.filter(({ ifMissing }) => ifMissing === "optional").map(({ name }) => name);
  if (optional.length > 0) note?.(`The weights lack ${names(optional)}: they begin at random.`);
  if (unexpected.length > 0) note?.(`Not used of the weights: ${unexpected.join(", ")}.`);
  return { file, found, missing: missing.map(({ name }) => name), unexpected };
}

/** Reads a model's parameters, as {@linkcode checkPretrained} checks them; those that are missing begin from `key`. */
export async function loadPretrained(
  path: string,
  { architecture, key, note }: { architecture: Architecture; key: RandomKey; note?: (message: string) => void },
): Promise<Loaded> {
  const { file, found, missing, unexpected } = await checkPretrained(path, { architecture, ...(note && { note }) });
  const tensors = new Map(
    untied(architecture.parameters).map((parameter) => {
      const name = found.get(parameter.name);
      return [
        parameter.name,
        name === undefined
          ? initialize(parameter, { key: key.fold(parameter.name), width: architecture.initializerRange })
          : tf.tensor(file.tensor(name).values, [...parameter.shape], "float32"),
      ];
    }),
  );
  return { tensors, missing, unexpected };
}

function matchNames(file: TensorFile, architecture: Architecture) {
  const parameters = new Map(architecture.parameters.map((parameter) => [parameter.name, parameter]));
  const found = new Map<string, string>();
  const unexpected: string[] = [];
  for (const [nameInFile, { dtype, shape }] of file.entries) {
    const name = architecture.canonicalName(nameInFile);
    if (name === undefined) continue;
    const parameter = parameters.get(name);
    if (!parameter) {
      unexpected.push(nameInFile);
      continue;
    }
    if (found.has(name)) {
      throw new RequestError(`${file.path}: both "${found.get(name)}" and "${nameInFile}" are the model's "${name}".`);
    }
    if (!dtype.includes("F") || dtype.startsWith("F8") || dtype === "F64") {
      throw new RequestError(`${file.path}: "${nameInFile}" is ${dtype}; wanted F32, F16 or BF16.`);
    }
    if (shape.join() !== parameter.shape.join()) {
      if (parameter.ifMissing === "head") continue; // another task's head: ours begins anew
      throw new RequestError(`${file.path}: "${nameInFile}" is [${shape}]; the model wants [${parameter.shape}].`);
    }
    found.set(name, nameInFile);
  }
  // A file holds a tied value under either name, or under both.
  for (const { name, tiedTo } of architecture.parameters) {
    if (tiedTo === undefined || !found.has(name)) continue;
    if (!found.has(tiedTo)) found.set(tiedTo, found.get(name)!);
    found.delete(name);
  }
  // A head is whole or new: another task's bias may have our shape by chance.
  const heads = untied(architecture.parameters).filter(({ ifMissing }) => ifMissing === "head").map(({ name }) => name);
  if (heads.some((name) => !found.has(name))) heads.forEach((name) => found.delete(name));
  return { found, unexpected };
}

/** The first values of a parameter that no file has: normal numbers (Box & Muller 1958) unless it says otherwise. */
export function initialize(
  { shape, initial = "normal" }: ParameterInfo,
  { key, width }: { key: RandomKey; width: number },
): tf.Tensor {
  if (initial !== "normal") return initial === "zeros" ? tf.zeros([...shape]) : tf.ones([...shape]);
  const size = tf.util.sizeFromShape([...shape]);
  const uniforms = key.uniforms(2 * size);
  const values = Float32Array.from({ length: size }, (_, index) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniforms[2 * index]!));
    return width * radius * Math.cos(2 * Math.PI * uniforms[2 * index + 1]!);
  });
  return tf.tensor(values, [...shape]);
}

/** Values of tensors, for writing. */
export const stored = (tensors: ReadonlyMap<string, tf.Tensor>) =>
  new Map([...tensors].map(([name, tensor]) => [
    name,
    { shape: tensor.shape, values: tensor.dataSync() as Float32Array },
  ]));
