/**
 * Figure 2 of the paper, one BERT of it: the model brought to a multiple of its parameters.
 *
 * @module
 */
import { defineExperiment, type MatrixShape, type Methods } from "@opf/framework";
import { bert, knownConfigs, mpo, tensorsForScale } from "@opf/framework/plugins";
import { dynamic, type OpenParameters, openParameters, type PaperModel, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_DOUBTS, DOUBTS, sourceOf } from "./_published.ts";

const SCALES = [1, 2, 3, 4];

/** What figure 2 says of one model. */
export interface Figure2 {
  readonly title: keyof typeof BASELINE_DOUBTS;
  readonly model: PaperModel;
  /** By task, one a scale. */
  readonly published: { readonly [task: string]: readonly number[] };
  readonly doubts: readonly string[];
}

/** The declaration. */
export const figure2 = ({ title, model, published, doubts }: Figure2) =>
  defineExperiment({
    name: `paper/figure2-${title.toLowerCase()}`,
    description:
      `Figure 2 of Gao et al. 2023, ${title}: the number of tensors is the one that brings the whole model nearest to ` +
      "2, 3 and 4 times its parameters, the same for all matrices; once is plain fine-tuning. The paper does not name " +
      `the strategy: read as dynamic. ${READINGS}`,
    models: [model.source],
    tasks: Object.keys(published),
    seeds: [1, 2, 3, 4, 5],
    training: TRAINING,
    parameters: { ...openParameters(model), scale: 1 },
    methods: ({ scale, ...parameters }) => scaledMethods(model, { scale, parameters }),
    sweep: { "parameters.scale": SCALES },
    published: {
      source: sourceOf("figure 2, read off its paths, about ±0.02"),
      rows: SCALES.map((scale, at) => ({
        method: `${scale === 1 ? "fine-tuning" : "OPF-MPO dynamic"} (scale ${scale})`,
        values: Object.fromEntries(Object.entries(published).map(([task, values]) => [task, values[at]!])),
      })),
      notes: [...DOUBTS, BASELINE_DOUBTS[title], ...doubts],
    },
  });

/** Plain fine-tuning at scale 1; above it the dynamic strategy, with the number of tensors that comes nearest. */
function scaledMethods(
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
