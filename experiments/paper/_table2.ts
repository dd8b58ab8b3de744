/**
 * Table 2 of the paper for one T5 or BART.
 *
 * @module
 */
import { defineExperiment, type Task } from "@opf/framework";
import * as glue from "@opf/framework/tasks";
import { openParameters, paperMethods, type PaperModel, READINGS, TRAINING } from "./_methods.ts";
import { CAVEATS, sourceOf, SPLIT_CAVEAT, TABLE_2 } from "./_published.ts";

/** The data of table 2 for one model. */
export interface Table2 {
  readonly title: keyof typeof TABLE_2;
  readonly model: PaperModel;
  /** Caveats about its rows. */
  readonly caveats: readonly string[];
}

const TASKS: readonly Task[] = [
  ...[glue.mnli, glue.qnli, glue.sst2, glue.rte],
  ...[glue.qqp, glue.cola, glue.stsb, glue.mrpc],
];

/** What differs between the two kinds of models. */
const KINDS = {
  T5: {
    tasks: TASKS.map((task) => glue.textToText(task, glue.glueWords[task.name]!)),
    reading:
      "The model answers in words, those that T5 was trained on. The released T5 code decomposes all matrices of all blocks, " +
      "without scores, with five tensors of other shapes; its script trains one epoch at 2e-6 with label smoothing 0.1. Here: " +
      "selection, shapes, rate and warm-up as printed in the paper, epochs and batch size as for BERT, no label smoothing.",
    caveats: [
      "The released T5 code does not run: it imports packages that were not released. It does train factors, since they are made " +
      "before its optimizer. Whether the published figures came from that code is unknown.",
      SPLIT_CAVEAT,
    ],
  },
  BART: {
    tasks: TASKS,
    reading:
      "In the released BART code too, encoder and decoder compete in one group, but it never selects cross-attention, and it has " +
      "seven tensors of other shapes; its script trains 5 epochs of batch size 32 at 2e-5, four matrices a round. Here: " +
      "selection, shapes, rate and warm-up as printed in the paper, and epochs and batch size as for BERT, since 5 epochs of " +
      "RTE would be shorter than the warm-up.",
    caveats: [...CAVEATS, "The released BART code does not run: it imports packages that were not released."],
  },
};

/** Declares the experiment. */
export function table2({ title, model, caveats }: Table2) {
  const { tasks, reading, caveats: ofKind } = KINDS[title.startsWith("T5") ? "T5" : "BART"];
  return defineExperiment({
    name: `paper/table2-${title.toLowerCase()}`,
    description:
      `Table 2 of Gao et al. 2023, ${title}, with two controls. From table 5: N = ${model.n} matrices per group, ` +
      `${model.perRound} per round; it repeats the FFN's lists for attention, a misprint. Each group has matrices of encoder ` +
      `and decoder, and attention includes cross-attention. ${reading} ${READINGS}`,
    models: [model.source],
    tasks,
    seeds: [1, 2, 3, 4, 5],
    training: TRAINING,
    parameters: openParameters(model),
    methods: (parameters) => {
      const { "OPF-SVD": _, ...methods } = paperMethods(model, parameters); // not in table 2
      return methods;
    },
    published: { source: sourceOf("table 2"), rows: TABLE_2[title], notes: [...ofKind, ...caveats] },
  });
}
