/**
 * The model and the matrices that all rows measure: the shapes of MiniLM, with random weights.
 *
 * @module
 */
import type { MatrixInfo, MatrixShape } from "@opf/framework";
import { bert, mpo } from "@opf/framework/plugins";
import { contractionOrder } from "../plugins/decompositions/_contract.ts";

/** The relevant part of `config.json` of all-MiniLM-L6-v2. */
export const CONFIG = {
  model_type: "bert",
  vocab_size: 30522,
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 1536,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  layer_norm_eps: 1e-12,
  initializer_range: 0.02,
};

/** The head of the model. */
export const HEAD = { kind: "classification", outputs: 2 } as const;

/** The shape of a batch. */
export interface BatchShape {
  readonly batchSize: number;
  readonly length: number;
}

/** Number of local tensors, m. */
const TENSORS = 15;

/** Layers whose six matrices are over-parameterized: 18 in total. */
const CHOSEN_LAYERS: readonly number[] = [0, 2, 4];

/** 1536 = 48·1…1·32 and 384 = 24·1…1·16: the bonds are 512 and 256. */
const modesOf = (size: number, tensors = TENSORS): number[] => {
  const [first, last] = size === CONFIG.intermediate_size ? [48, 32] : [24, 16];
  return [first!, ...Array<number>(tensors - 2).fill(1), last!];
};

/** The first `count` matrices of these layers. */
export function chosen(
  matrices: readonly MatrixInfo[],
  { layers = CHOSEN_LAYERS, count = Infinity } = {},
): MatrixInfo[] {
  return matrices.filter(({ layer }) => layers.includes(layer)).slice(0, count);
}

/** Mode lists by the name of a layer, as the peer expects them. */
export const peerModes = (
  matrices: readonly { readonly name: string; readonly shape: MatrixShape }[],
  tensors = TENSORS,
) =>
  Object.fromEntries(
    matrices.map(({ name, shape: [rows, columns] }) => [
      name.replace(/\.weight$/, ""),
      { rows: modesOf(rows, tensors), columns: modesOf(columns, tensors) },
    ]),
  );

/** `count` matrix products `[rows, inner] · [inner, columns]`. */
export type Products = readonly [count: number, rows: number, inner: number, columns: number];

/**
 * The matrix products of one plain step, forward and both gradients: five layers on all tokens, and of the last layer the
 * keys and values of all tokens. The rest of the last layer, which runs on the first tokens alone, and the head are left out.
 */
export function productsOfStep({ batchSize, length }: BatchShape): Products[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads, num_hidden_layers } = CONFIG;
  const rows = batchSize * length, wholeLayers = num_hidden_layers - 1, size = width / heads;
  const linear = (count: number, from: number, to: number): Products[] => [
    [count, rows, from, to],
    [count, rows, to, from],
    [count, to, rows, from],
  ];
  const attention = wholeLayers * batchSize * heads;
  return [
    ...linear(4 * wholeLayers + 2, width, width),
    ...linear(2 * wholeLayers, width, inner),
    // Scores and weighted values, with two gradients each.
    [3 * attention, length, size, length],
    [3 * attention, length, length, size],
  ];
}

/** Floating-point operations of matrix products: a multiplication and an addition for each term. */
export const operationsOf = (products: readonly Products[]): number =>
  products.reduce((sum, [count, rows, inner, columns]) => sum + 2 * count * rows * inner * columns, 0);

/** The over-parameterization of the chosen matrices. */
export const decomposition = (tensors = TENSORS) =>
  mpo({
    tensors,
    modes: [[1536, 384], [384, 384]].map(([rows, columns]) => ({
      rows: modesOf(rows!, tensors),
      columns: modesOf(columns!, tensors),
    })),
  });

/**
 * Floating-point operations of the chosen matrices' chains in one step: each contraction, and its gradient, which takes two
 * products for each product of the contraction.
 */
export function operationsOfChains(): number {
  const { matrices } = bert({ source: "bench" }).architecture(CONFIG, HEAD);
  return chosen(matrices).reduce((sum, { shape }) => {
    const { multiplications } = contractionOrder(decomposition().plan(shape).factorShapes);
    return sum + 3 * 2 * multiplications;
  }, 0);
}

/**
 * The efficiency of an OPF step's chains: their operations per second as a share of the plain step's,
 *
 *     (operations of chains / (OPF seconds − plain seconds)) / (operations of plain products / plain seconds)
 *
 * All time that an OPF step takes beyond a plain step counts for the chains, AdamW on the additional parameters included.
 */
export function chainEfficiency(shape: BatchShape, { opf, plain }: { opf: number; plain: number }): number {
  return operationsOfChains() / (opf - plain) / (operationsOf(productsOfStep(shape)) / plain);
}
