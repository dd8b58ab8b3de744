/**
 * The model and the matrices that all rows measure: MiniLM's shape, with random weights.
 *
 * @module
 */
import type { MatrixInfo, MatrixShape } from "@opf/framework";

/** `config.json` of all-MiniLM-L6-v2, as far as it matters. */
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

/** Number of local tensors, m. */
export const TENSORS = 15;

/** Layers whose six matrices are over-parameterised: 18 in all. */
export const CHOSEN_LAYERS: readonly number[] = [0, 2, 4];

/** 1536 = 48·1…1·32 and 384 = 24·1…1·16: the bonds are 512 and 256. */
export const modesOf = (size: number, tensors = TENSORS): number[] => {
  const [first, last] = size === CONFIG.intermediate_size ? [48, 32] : [24, 16];
  return [first!, ...Array<number>(tensors - 2).fill(1), last!];
};

/** The chosen matrices, most of a layer first, as many as asked for. */
export function chosen(
  matrices: readonly MatrixInfo[],
  { layers = CHOSEN_LAYERS, count = Infinity } = {},
): MatrixInfo[] {
  return matrices.filter(({ layer }) => layers.includes(layer)).slice(0, count);
}

/** Mode lists by the name of a layer, as the peer wants them. */
export const peerModes = (matrices: readonly { readonly name: string; readonly shape: MatrixShape }[]) =>
  Object.fromEntries(
    matrices.map(({ name, shape: [rows, columns] }) => [
      name.replace(/\.weight$/, ""),
      { rows: modesOf(rows), columns: modesOf(columns) },
    ]),
  );

/** `[count, rows, inner, columns]` of equal matrix products. */
export type Products = readonly [count: number, rows: number, inner: number, columns: number];

/**
 * The products of one plain step as it is computed here, forward and both gradients: five layers on all tokens, the last
 * one's keys and values on all and the rest on the first tokens alone, which is left out, like the head.
 */
export function productsOfStep(lines: number, length: number): Products[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads, num_hidden_layers } = CONFIG;
  const rows = lines * length, whole = num_hidden_layers - 1, size = width / heads;
  const linear = (count: number, from: number, to: number): Products[] => [
    [count, rows, from, to],
    [count, rows, to, from],
    [count, to, rows, from],
  ];
  const attention = whole * lines * heads;
  return [
    ...linear(4 * whole + 2, width, width),
    ...linear(2 * whole, width, inner),
    // Scores and weighted values, and two gradients of each.
    [3 * attention, length, size, length],
    [3 * attention, length, length, size],
  ];
}
