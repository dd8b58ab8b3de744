/**
 * A model brought to a multiple of its parameters.
 *
 * @module
 */
import type { MatrixShape, Methods } from "@opf/framework";
import { bert, knownConfigs, mpo, tensorsForScale } from "@opf/framework/plugins";
import { dynamic, type OpenParameters, type PaperModel } from "./_methods.ts";

/** The multiples of figure 2. */
export const SCALES = [1, 2, 3, 4];

/** Plain fine-tuning at scale 1; above it the dynamic strategy, with the number of tensors that comes nearest. */
export function scaledMethods(
  model: PaperModel,
  { scale, parameters }: { readonly scale: number; readonly parameters: OpenParameters },
): Methods {
  if (scale === 1) return { "fine-tuning": {} };
  const { modes } = model;
  const shapes = shapesOf(model, parameters);
  const rest = totalOf(model) - shapes.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const { tensors } = tensorsForScale(scale, { shapes, rest, modes });
  return { "OPF-MPO dynamic": { decomposition: mpo({ tensors, modes }), policy: dynamic(parameters) } };
}

// Shapes of the matrices that will be chosen: which of a group does not matter.
function shapesOf({ layers, ffn, attention }: PaperModel, { n, by }: OpenParameters): MatrixShape[] {
  const perLayer = [...Array<MatrixShape>(2).fill(ffn), ...Array<MatrixShape>(4).fill(attention)];
  const groups = by === "kind"
    ? [Array<MatrixShape>(2 * layers).fill(ffn), Array<MatrixShape>(4 * layers).fill(attention)]
    : perLayer.map((shape) => Array<MatrixShape>(layers).fill(shape));
  return groups.flatMap((group) => group.slice(0, n));
}

// All numbers of the model with a head of one output, as for STS-B: a second one makes no difference.
function totalOf({ source }: PaperModel): number {
  const head = { kind: "regression", outputs: 1 } as const;
  const { parameters } = bert({ source }).architecture(knownConfigs[source]!, head);
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
