/**
 * A toy model to check plugins on: a few matrices, each of which contributes to the logits.
 *
 * @module
 */
import { collateText, type EncodedExample, type TextBatch } from "../model/batch.ts";
import { type Head, headLosses } from "../model/head.ts";
import type { Architecture, MatrixInfo, ParameterReader } from "../model/model.ts";
import { RandomKey } from "../random.ts";
import * as tf from "../backend/tf.ts";
import { Weights } from "../model/weights.ts";

const HEAD: Head = { kind: "classification", outputs: 2 };

/** Uniform random numbers between −1 and 1. */
export function randomTensor(shape: readonly number[], key: RandomKey): tf.Tensor {
  const values = key.uniforms(tf.util.sizeFromShape([...shape])).map((value) => 2 * value - 1);
  return tf.tensor(values, [...shape]);
}

/** A random matrix of its own for each shape and seed. */
export const randomMatrix = (rows: number, columns: number, seed = 0): tf.Tensor2D =>
  randomTensor([rows, columns], RandomKey.of(3).fold(rows).fold(columns).fold(seed)) as tf.Tensor2D;

/** Four layers with three modules of two kinds. */
export const TOY_MATRICES: readonly MatrixInfo[] = Array.from(
  { length: 4 },
  (_, layer) =>
    ([["attention", "attention.query", [6, 6]], ["ffn", "inner", [8, 6]], ["ffn", "output", [6, 8]]] as const).map(
      ([kind, module, shape]) => ({ name: `toy.layer.${layer}.${module}.weight`, kind, module, layer, shape }),
    ),
).flat();

/** A model of these matrices: each maps waves of the token id to two logits, which are added. */
export function toyModel(matrices: readonly MatrixInfo[] = TOY_MATRICES): Architecture {
  const logits = (read: ParameterReader, { inputIds }: TextBatch): tf.Tensor2D => {
    const token = tf.cast(tf.slice(inputIds, [0, 0], [inputIds.shape[0], 1]), "float32");
    return tf.addN(matrices.map(({ name, shape: [rows, columns] }) => {
      const wave = tf.sin(tf.mul(token, tf.expandDims(tf.range(1, columns + 1, 1), 0))) as tf.Tensor2D;
      const inner = tf.tanh(tf.matMul(wave, read(name) as tf.Tensor2D, false, true)) as tf.Tensor2D;
      const two = tf.stack([tf.cos(tf.range(0, rows, 1)), tf.sin(tf.range(0, rows, 1))]) as tf.Tensor2D;
      return tf.matMul(inner, two, false, true);
    })) as tf.Tensor2D;
  };
  return {
    config: {},
    parameters: matrices.map(({ name, shape }) => ({ name, shape })),
    matrices,
    maxLength: 4,
    initializerRange: 1,
    canonicalName: (name) => name,
    collate: collateText,
    losses: (read, batch: TextBatch) => headLosses(logits(read, batch), { labels: batch.labels, head: HEAD }),
    outputs: logits,
  };
}

/** Random weights of a toy model, except for given matrices. */
export function toyWeights(architecture = toyModel(), given: ReadonlyMap<string, tf.Tensor> = new Map()): Weights {
  const key = RandomKey.of(11);
  return new Weights(
    architecture,
    new Map(architecture.parameters.map(({ name, shape }) => {
      const value = given.get(name);
      return [name, value ? tf.clone(value) : randomTensor(shape, key.fold(name))];
    })),
  );
}

/** Examples of the toy task. */
export const TOY_EXAMPLES: readonly EncodedExample[] = Array.from({ length: 24 }, (_, index) => ({
  index,
  label: index % 3 === 0 ? 1 : 0,
  ids: [index + 1],
  tokenTypeIds: [0],
}));

/** The Euclidean norm of a tensor's elements. */
export const norm = (tensor: tf.Tensor): number => tf.norm(tensor).dataSync()[0]!;
