/**
 * A model's parameters from a file of weights.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import { RequestError } from "../errors.ts";
import { readJsonObject } from "../io/json_file.ts";
import type { StoredTensor, TensorFile, UnreadTensor } from "../io/safetensors.ts";
import { freeUnusedBuffers } from "../io/unused_buffers.ts";
import type { Json } from "../json.ts";
import { RandomKey } from "../random.ts";
import type { Repository } from "../source.ts";
import { initialize } from "./initialize.ts";
import { type Architecture, type ParameterInfo, untied } from "./model.ts";

/** How a file's tensors match a model's parameters. */
export interface PretrainedMatch {
  /** The name in the file, by parameter. */
  readonly namesInFile: ReadonlyMap<string, string>;
  /** Parameters that the file lacks: they are newly initialized. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model does not have. */
  readonly unexpected: readonly string[];
}

/** How a model is matched with a file. */
export interface PretrainedOptions {
  readonly architecture: Architecture;
  /** Receives warnings about what is missing or unused. */
  readonly note?: (message: string) => void;
}

/** `config.json` of a repository. */
export async function readConfig(repository: Repository): Promise<{ [key: string]: Json }> {
  const path = await repository.file("config.json");
  if (!path) throw new RequestError(`The model has no config.json (${JSON.stringify(repository.origin)}).`);
  return await readJsonObject(path, { maxBytes: 2 ** 24 }) as { [key: string]: Json };
}

/**
 * Matches a file with a model without making a tensor: names through the architecture, then shapes and types. A missing
 * parameter is an error unless it belongs to a new head or an optional part.
 */
export function checkPretrained(file: TensorFile, { architecture, note }: PretrainedOptions): PretrainedMatch {
  const { namesInFile, unexpected, otherHead } = matchNames(file, architecture);
  const missing = untied(architecture.parameters).filter(({ name }) => !namesInFile.has(name));
  const required = missing.filter(({ ifMissing }) => !ifMissing).map(({ name }) => name);
  if (required.length > 0) {
    throw new RequestError(
      `${file.path} lacks ${required.length} of the model's ${untied(architecture.parameters).length} parameters: ` +
        `${listed(required)}.${unexpected.length > 0 ? ` It has unknown tensors: ${listed(unexpected)}.` : ""}`,
    );
  }
  const optional = missing.filter(({ ifMissing }) => ifMissing === "optional").map(({ name }) => name);
  if (optional.length > 0) {
    note?.(`Parameters missing from the weights are newly initialized: ${listed(optional)}.`);
  }
  const { parameters, pretrainedHead } = architecture;
  if (pretrainedHead && "assumed" in pretrainedHead) {
    const hasHead = parameters.some(({ name, ifMissing }) => ifMissing === "head" && namesInFile.has(name));
    const order = pretrainedHead.assumed.join(", ");
    if (hasHead) {
      note?.(`The head of the weights has no names of labels: its rows are taken for ${order}, in this order.`);
    }
  }
  if (otherHead) note?.(`The head of the weights is not used, a new one is initialized: ${otherHead}.`);
  if (unexpected.length > 0) note?.(`Tensors of the weights that are not used: ${listed(unexpected)}.`);
  return { namesInFile, missing: missing.map(({ name }) => name), unexpected };
}

const listed = (names: readonly string[]) => names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : "");

/**
 * Reads a model's parameters by name, those that are not tied, after {@linkcode checkPretrained}; missing ones are
 * initialized from `key`.
 */
export function loadPretrained(
  file: TensorFile,
  { key, ...options }: PretrainedOptions & { readonly key: RandomKey },
): Map<string, tf.Tensor> {
  const { parameters, initializerRange } = options.architecture;
  const { namesInFile } = checkPretrained(file, options);
  return new Map(
    untied(parameters).map((parameter) => {
      freeUnusedBuffers();
      const nameInFile = namesInFile.get(parameter.name);
      const value = nameInFile === undefined
        ? initialize(parameter, { key: key.fold(parameter.name), width: initializerRange })
        : valuesOf(file.tensor(nameInFile), parameter, options.architecture);
      return [parameter.name, value];
    }),
  );
}

function valuesOf(
  { values }: StoredTensor,
  { shape, ifMissing }: ParameterInfo,
  { pretrainedHead }: Architecture,
): tf.Tensor {
  const tensor = tf.tensor(values, [...shape], "float32");
  if (ifMissing !== "head" || !pretrainedHead || !("rows" in pretrainedHead)) return tensor;
  if (shape[0] !== pretrainedHead.rows.length) return tensor; // a layer of the head before its last
  const rows = tf.gather(tensor, tf.tensor1d([...pretrainedHead.rows], "int32"));
  tensor.dispose();
  return rows;
}

/**
 * Reads the parameters of a file that a run wrote, which holds each of them under its own name.
 *
 * @throws {RequestError} for a file that lacks one of them
 */
export function loadWritten(
  file: TensorFile,
  { architecture }: { readonly architecture: Architecture },
): Map<string, tf.Tensor> {
  const { pretrainedHead: _, ...rest } = architecture;
  const parameters = rest.parameters.map(({ ifMissing: _, ...parameter }) => parameter);
  return loadPretrained(file, {
    architecture: { ...rest, parameters, canonicalName: (name) => name },
    key: RandomKey.of(0), // of nothing: no parameter is missing
  });
}

function matchNames(file: TensorFile, architecture: Architecture) {
  const parameters = new Map(architecture.parameters.map((parameter) => [parameter.name, parameter]));
  const namesInFile = new Map<string, string>();
  const unexpected: string[] = [];
  const { pretrainedHead } = architecture;
  let otherHead: string | undefined;
  for (const [nameInFile, { dtype, shape }] of file.entries) {
    const name = architecture.canonicalName(nameInFile);
    if (name === undefined) continue;
    const parameter = parameters.get(name);
    if (!parameter) {
      unexpected.push(nameInFile);
      continue;
    }
    const other = namesInFile.get(name);
    if (other !== undefined) {
      throw new RequestError(`${file.path}: both "${other}" and "${nameInFile}" are the parameter "${name}".`);
    }
    if (!["F32", "F16", "BF16"].includes(dtype)) {
      throw new RequestError(`${file.path}: "${nameInFile}": expected F32, F16 or BF16, got ${dtype}.`);
    }
    if (shape.join() !== parameter.shape.join()) {
      if (parameter.ifMissing === "head") { // of another task
        otherHead ??= `"${nameInFile}" is [${shape}], the task needs [${parameter.shape}]`;
        continue;
      }
      throw new RequestError(`${file.path}: "${nameInFile}": expected [${parameter.shape}], got [${shape}].`);
    }
    if (parameter.ifMissing === "head" && pretrainedHead && "unused" in pretrainedHead) {
      otherHead = pretrainedHead.unused;
      continue;
    }
    namesInFile.set(name, nameInFile);
  }
  // A file holds a tied value under either name, or under both.
  for (const { name, tiedTo } of architecture.parameters) {
    const nameInFile = namesInFile.get(name);
    if (tiedTo === undefined || nameInFile === undefined) continue;
    const owner = namesInFile.get(tiedTo);
    if (owner === undefined) namesInFile.set(tiedTo, nameInFile);
    else checkEqual(file, [owner, nameInFile]);
    namesInFile.delete(name);
  }
  // A head is loaded whole or not at all: the bias of another task's may have our shape by chance.
  const heads = untied(architecture.parameters).filter(({ ifMissing }) => ifMissing === "head").map(({ name }) => name);
  if (heads.some((name) => !namesInFile.has(name))) heads.forEach((name) => namesInFile.delete(name));
  return { namesInFile, unexpected, otherHead };
}

// Of different ones, Transformers takes the first or both, depending on its version.
function checkEqual(file: TensorFile, [first, second]: readonly [string, string]): void {
  const [a, b] = [file.tensor(first).values, file.tensor(second).values];
  if (a.every((value, index) => value === b[index])) return;
  throw new RequestError(
    `${file.path}: expected the same values in "${first}" and "${second}", which the model ties to each other, got ` +
      'different ones; "tie_word_embeddings" of config.json may have to be false.',
  );
}

/** Tensors to be written, which must not be disposed before. */
export const unreadTensors = (tensors: ReadonlyMap<string, tf.Tensor>): Map<string, UnreadTensor> =>
  new Map([...tensors].map(([name, tensor]) => [
    name,
    { shape: tensor.shape, read: () => tensor.dataSync() as Float32Array },
  ]));
