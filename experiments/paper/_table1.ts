/**
 * Table 1 of the paper for one BERT.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { openParameters, paperMethods, type PaperModel, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_CAVEATS, CAVEATS, sourceOf, TABLE_1 } from "./_published.ts";

/** The data of table 1 for one model. */
export interface Table1 {
  readonly title: keyof typeof BASELINE_CAVEATS;
  readonly model: PaperModel;
  /** How the paper's settings for it are read. */
  readonly reading: string;
  /** Caveats about its rows. */
  readonly caveats: readonly string[];
}

/** Declares the experiment. */
export const table1 = ({ title, model, reading, caveats }: Table1) =>
  defineExperiment({
    name: `paper/table1-${title.toLowerCase()}`,
    description: `Table 1 of Gao et al. 2023, ${title}, with two controls. ${reading} ${READINGS}`,
    models: [model.source],
    tasks: ["mnli", "qnli", "sst2", "rte", "qqp", "cola", "stsb", "mrpc"],
    seeds: [1, 2, 3, 4, 5],
    training: TRAINING,
    parameters: openParameters(model),
    methods: (parameters) => paperMethods(model, parameters),
    published: {
      source: sourceOf("table 1"),
      rows: TABLE_1[title],
      notes: [...CAVEATS, BASELINE_CAVEATS[title], ...caveats],
    },
  });
