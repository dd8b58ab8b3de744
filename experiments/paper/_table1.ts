/**
 * Table 1 of the paper, one BERT of it.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { openParameters, paperMethods, type PaperModel, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_DOUBTS, DOUBTS, sourceOf, TABLE_1 } from "./_published.ts";

/** What table 1 says of one model. */
export interface Table1 {
  readonly title: keyof typeof BASELINE_DOUBTS;
  readonly model: PaperModel;
  /** How its tables are read. */
  readonly reading: string;
  /** Doubts about its rows. */
  readonly doubts: readonly string[];
}

/** The declaration. */
export const table1 = ({ title, model, reading, doubts }: Table1) =>
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
      notes: [...DOUBTS, BASELINE_DOUBTS[title], ...doubts],
    },
  });
