/**
 * The models and methods of Gao et al. 2023, from its text and tables 4 to 6.
 *
 * @module
 */
import type { Experiment, MatrixShape, Methods } from "@opf/framework";
import { all, dense, dynamicTop, frozen, type Modes, mpo, staticTop, taylor, zeroing } from "@opf/framework/plugins";

/** One of the paper's models. */
export interface PaperModel {
  readonly source: string;
  readonly layers: number;
  readonly ffn: MatrixShape;
  readonly attention: MatrixShape;
  /** N: over-parameterized matrices per group. */
  readonly n: number;
  /** How many of them per round of the dynamic strategy. */
  readonly perRound: number;
  /** First and last modes; inner modes are 1. */
  readonly modes: readonly Modes[];
  /** The same for two tensors. */
  readonly svdModes: readonly Modes[];
}

// Table 4 prints lists for 1024×512, but the matrix is 2048×512. With these lists the total of BERT-small is as published.
const OF_512: readonly Modes[] = [{ rows: [64, 32], columns: [16, 32] }, { rows: [16, 32], columns: [32, 16] }];

export const BERT_SMALL: PaperModel = {
  source: "google/bert_uncased_L-4_H-512_A-8",
  layers: 4,
  ffn: [2048, 512],
  attention: [512, 512],
  n: 4,
  perRound: 2,
  modes: OF_512,
  svdModes: OF_512,
};

export const BERT_MEDIUM: PaperModel = { ...BERT_SMALL, source: "google/bert_uncased_L-8_H-512_A-8", layers: 8, n: 12 };

const FFN_OF_768: Modes = { rows: [64, 48], columns: [32, 24] };

export const BERT_BASE: PaperModel = {
  source: "google-bert/bert-base-uncased",
  layers: 12,
  ffn: [3072, 768],
  attention: [768, 768],
  n: 9,
  perRound: 2,
  // Table 4 repeats the FFN's lists for attention: a misprint, since that matrix is square.
  modes: [FFN_OF_768, { rows: [32, 24], columns: [32, 24] }],
  svdModes: [FFN_OF_768, { rows: [24, 32], columns: [32, 24] }],
};

const OF_1024: readonly Modes[] = [{ rows: [64, 64], columns: [32, 32] }, { rows: [32, 32], columns: [32, 32] }];

export const BERT_LARGE: PaperModel = {
  source: "google-bert/bert-large-uncased",
  layers: 24,
  ffn: [4096, 1024],
  attention: [1024, 1024],
  n: 24,
  perRound: 4,
  modes: OF_1024,
  svdModes: OF_1024,
};

// Table 5 has the lists of table 4 for the same sizes, with the same misprint. Its L of 12 and 24 are the layers of each stack
// of T5, and of both of BART.
export const T5_BASE: PaperModel = { ...BERT_BASE, source: "google-t5/t5-base", n: 8 };
export const T5_LARGE: PaperModel = { ...BERT_LARGE, source: "google-t5/t5-large", n: 16 };
export const BART_BASE: PaperModel = { ...BERT_BASE, source: "facebook/bart-base", n: 8 };
export const BART_LARGE: PaperModel = { ...BERT_LARGE, source: "facebook/bart-large", n: 16 };

/** What the paper leaves open about the methods, as parameters whose defaults are the reading taken here. */
export const openParameters = ({ n, perRound }: PaperModel) => ({
  /** N: matrices per group. */
  n,
  perRound,
  /** m: local tensors. */
  tensors: 11,
  /** "kind": two groups, FFN and attention, as in the text. "module": six groups. */
  by: "kind",
  /** The matrices of OPF-SVD: "all", as in the text, or the "top" ones of the static strategy. */
  svd: "all",
  /** t: steps between two rounds of the dynamic strategy; 0 spreads the rounds over the first half of the run. */
  every: 0,
});

/** Parameters of {@linkcode paperMethods}. */
export type OpenParameters = ReturnType<typeof openParameters>;

type Grouping = "module" | "kind" | "model" | "asReleased";

/** The dynamic strategy: scores from the gradients of training, each round after a stretch of training. */
export const dynamic = ({ n, perRound, by, every }: OpenParameters) =>
  dynamicTop({
    n,
    perRound,
    by: by as Grouping,
    ...(every > 0 && { every: { steps: every } }),
    score: taylor({ gradients: "training" }),
  });

/** The four rows of table 1, and two controls. */
export function paperMethods({ modes, svdModes }: PaperModel, parameters: OpenParameters): Methods {
  const { n, tensors, by, svd } = parameters;
  const policy = staticTop({ n, by: by as Grouping, score: zeroing() });
  const decomposition = mpo({ tensors, modes });
  return {
    "fine-tuning": {},
    "frozen": { decomposition: frozen(), policy },
    "rate-matched": { decomposition: dense({ rate: { matched: decomposition } }), policy },
    "OPF-SVD": { decomposition: mpo({ tensors: 2, modes: svdModes }), policy: svd === "top" ? policy : all() },
    "OPF-MPO static": { decomposition, policy },
    "OPF-MPO dynamic": { decomposition, policy: dynamic(parameters) },
  };
}

/** Settings of training: the paper's where it states them, else those of its released scripts. */
export const TRAINING = {
  learningRate: 3e-5,
  factorLearningRate: 3e-5,
  warmupSteps: 1000,
  maxLength: 128,
  split: "dev-halves",
  keep: "best",
  // Not stated in the paper; as in the released scripts.
  epochs: 10,
  batchSize: 16,
  weightDecay: 0,
  // Equation 6 costs one pass over the examples per matrix.
  scoreExamples: 1024,
} satisfies NonNullable<Experiment["training"]>;

/** How the paper is read, for every experiment of this folder. */
export const READINGS =
  "Groups are FFN and attention, as in section 4.3 (--set parameters.by=module: six groups, as in the released code). " +
  "Static: equation 6 after plain fine-tuning, on 1024 training examples. Dynamic: equation 7, Σ |∂L/∂W| · |W|, with the mean " +
  "absolute gradient of training since the last round; the rounds are spread over the first half of the run, since t is not stated " +
  "(--set parameters.every=STEPS). Factors learn at the rate of all other parameters. Batch size 16, 10 epochs and no weight " +
  "decay as in the released scripts, since the paper states none; the learning rate decays linearly after 1000 steps of " +
  "warm-up, where the paper uses Vaswani's schedule. Half of the dev set is evaluated on all tasks, as in section 5.1 " +
  "(appendix B: only on the four small ones), and the other half selects the epoch (--set training.split=dev " +
  "--set training.keep=last: as the released code does).";
