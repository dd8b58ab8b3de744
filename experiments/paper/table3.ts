/**
 * Table 3 of the paper: sensitivity to the learning rate.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { BERT_BASE, openParameters, paperMethods, READINGS, TRAINING } from "./_methods.ts";
import { CAVEATS, sourceOf } from "./_published.ts";

const RATES = [5e-6, 1e-5, 3e-5, 5e-5, 1e-4];
const PUBLISHED = {
  rte: [71.08, 72.24, 72.12, 72.31, 70.25],
  cola: [59.86, 60.44, 60.54, 60.61, 59.31],
  stsb: [88.32, 88.89, 89.01, 88.95, 88.14],
};

export default defineExperiment({
  name: "paper/table3",
  description:
    "Table 3 of Gao et al. 2023: BERT-base at five learning rates, equal for factors and dense parameters, with plain " +
    "fine-tuning and the frozen control for comparison. The paper does not name the strategy: taken as dynamic, N = 9. " +
    READINGS,
  models: [BERT_BASE.source],
  tasks: ["rte", "cola", "stsb"],
  seeds: [1, 2, 3, 4, 5],
  training: TRAINING,
  parameters: { ...openParameters(BERT_BASE), rate: 3e-5 },
  methods: ({ rate, ...parameters }) => {
    const { "fine-tuning": plain, frozen, "OPF-MPO dynamic": dynamic } = paperMethods(BERT_BASE, parameters);
    return {
      "fine-tuning": { ...plain, training: { learningRate: rate } },
      "frozen": { ...frozen, training: { learningRate: rate } },
      "OPF-MPO dynamic": { ...dynamic, training: { learningRate: rate, factorLearningRate: rate } },
    };
  },
  sweep: { "parameters.rate": RATES },
  published: {
    source: sourceOf("table 3, 'our approach'"),
    rows: RATES.map((rate, index) => ({
      method: `OPF-MPO dynamic (rate ${rate.toExponential()})`,
      values: Object.fromEntries(Object.entries(PUBLISHED).map(([task, values]) => [task, values[index]!])),
    })),
    notes: [
      ...CAVEATS,
      "That the learning rate hardly matters between 5e-6 and 1e-4 is what one would expect if the factors do not move.",
    ],
  },
});
