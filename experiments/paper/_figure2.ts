/**
 * Figure 2 of the paper for one BERT: the model scaled to a multiple of its parameters.
 *
 * @module
 */
import { defineExperiment, type MatrixShape, type Methods } from "@opf/framework";
import { bert, knownConfigs, mpo, tensorsForScale } from "@opf/framework/plugins";
import { dynamic, type OpenParameters, openParameters, type PaperModel, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_CAVEATS, CAVEATS, sourceOf } from "./_published.ts";

const SCALES = [1, 2, 3, 4];

/** The data of figure 2 for one model. */
export interface Figure2 {
  readonly title: keyof typeof BASELINE_CAVEATS;
  readonly model: PaperModel;
  /** By task, one value per scale. */
  readonly published: { readonly [task: string]: readonly number[] };
  readonly caveats: readonly string[];
}

/** Declares the experiment. */
export const figure2 = ({ title, model, published, caveats }: Figure2) =>
  defineExperiment({
    name: `paper/figure2-${title.toLowerCase()}`,
    description:
      `Figure 2 of Gao et al. 2023, ${title}: the number of tensors, equal for all matrices, brings the whole model closest ` +
      "to 2, 3 and 4 times its parameters; scale 1 is plain fine-tuning. The paper does not name the strategy: taken as " +
      `dynamic. ${READINGS}`,
    models: [model.source],
    tasks: Object.keys(published),
    seeds: [1, 2, 3, 4, 5],
    training: TRAINING,
    parameters: { ...openParameters(model), scale: 1 },
    methods: ({ scale, ...parameters }) => scaledMethods(model, { scale, parameters }),
    sweep: { "parameters.scale": SCALES },
    published: {
      source: sourceOf("figure 2, read off its vector paths, about ±0.02"),
      rows: SCALES.map((scale, index) => ({
        method: `${scale === 1 ? "fine-tuning" : "OPF-MPO dynamic"} (scale ${scale})`,
        values: Object.fromEntries(Object.entries(published).map(([task, values]) => [task, values[index]!])),
      })),
      notes: [...CAVEATS, BASELINE_CAVEATS[title], ...caveats],
    },
  });

/** Plain fine-tuning at scale 1; above it the dynamic strategy with the number of tensors closest to the scale. */
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

// Shapes of the matrices that will be selected; which members of a group does not matter.
function shapesOf({ layers, ffn, attention }: PaperModel, { n, by }: OpenParameters): MatrixShape[] {
  const perLayer = [...Array<MatrixShape>(2).fill(ffn), ...Array<MatrixShape>(4).fill(attention)];
  const groups = by === "kind"
    ? [Array<MatrixShape>(2 * layers).fill(ffn), Array<MatrixShape>(4 * layers).fill(attention)]
    : perLayer.map((shape) => Array<MatrixShape>(layers).fill(shape));
  return groups.flatMap((group) => group.slice(0, n));
}

// All parameters of the model with a head of one output, as for STS-B; a second output makes no difference.
function totalOf({ source }: PaperModel): number {
  const head = { kind: "regression", outputs: 1 } as const;
  const { parameters } = bert({ source }).architecture(knownConfigs[source]!, head);
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
