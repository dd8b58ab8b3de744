/**
 * Figures of Gao et al. 2023, with the caveats for comparing them.
 *
 * @module
 */

const PAPER = "Gao et al., ACL 2023 long 212 (authors' copy)";

/** The source of a table or figure. */
export const sourceOf = (place: string) => `${PAPER}, ${place}`;

const TASKS = ["mnli", "qnli", "sst2", "rte", "qqp", "cola", "stsb", "mrpc"] as const;

/** A row of tables 1 and 2: eight tasks in the paper's order, their mean, and parameters in millions. */
function row(method: string, numbers: readonly number[]) {
  const [average, training, merged] = numbers.slice(TASKS.length) as [number, number, number];
  return {
    method,
    values: Object.fromEntries(TASKS.map((task, index) => [task, numbers[index]!])),
    average,
    parameters: { training, merged },
  };
}

/** Table 1: rows by model. */
export const TABLE_1 = {
  "BERT-small": [
    row("fine-tuning", [77.60, 86.40, 89.70, 61.80, 87.00, 27.80, 77.00, 83.40, 73.84, 28, 28]),
    row("OPF-SVD", [77.73, 86.06, 89.04, 62.31, 88.10, 27.90, 79.31, 83.25, 74.21, 34, 28]),
    row("OPF-MPO static", [77.76, 86.37, 89.27, 63.54, 88.11, 28.14, 85.46, 83.61, 75.28, 81, 28]),
    row("OPF-MPO dynamic", [77.75, 86.10, 89.77, 63.55, 88.99, 28.19, 86.27, 83.91, 75.57, 81, 28]),
  ],
  "BERT-medium": [
    row("fine-tuning", [80.00, 87.70, 89.60, 62.20, 87.90, 38.00, 78.40, 86.60, 76.30, 41, 41]),
    row("OPF-SVD", [80.77, 87.50, 89.68, 62.45, 89.35, 39.16, 79.61, 87.35, 76.98, 46, 41]),
    row("OPF-MPO static", [80.58, 87.55, 90.13, 62.73, 89.36, 42.22, 87.53, 85.81, 78.24, 129, 41]),
    row("OPF-MPO dynamic", [80.61, 88.24, 90.37, 62.82, 89.84, 44.56, 87.89, 86.08, 78.90, 129, 41]),
  ],
  "BERT-base": [
    row("fine-tuning", [83.60, 90.50, 92.50, 66.40, 89.30, 52.10, 85.80, 88.10, 81.04, 109, 109]),
    row("OPF-SVD", [83.62, 90.59, 92.54, 66.79, 89.31, 55.21, 88.45, 87.88, 81.80, 134, 109]),
    row("OPF-MPO static", [83.78, 90.87, 92.55, 68.87, 89.30, 56.12, 88.53, 88.40, 82.30, 341, 109]),
    row("OPF-MPO dynamic", [84.08, 91.54, 92.52, 72.32, 89.40, 60.62, 89.03, 89.95, 83.68, 341, 109]),
  ],
  "BERT-large": [
    row("fine-tuning", [85.70, 92.70, 93.90, 70.10, 90.10, 60.50, 86.50, 89.30, 83.60, 335, 335]),
    row("OPF-SVD", [85.33, 91.78, 93.22, 71.48, 90.12, 56.82, 88.04, 88.74, 83.19, 410, 335]),
    row("OPF-MPO static", [85.90, 92.73, 93.69, 72.64, 90.60, 63.56, 89.03, 91.01, 84.90, 828, 335]),
    row("OPF-MPO dynamic", [85.96, 92.85, 93.82, 72.94, 90.69, 62.63, 89.63, 91.08, 84.95, 828, 335]),
  ],
};

/** Table 2: rows by model. */
export const TABLE_2 = {
  "T5-base": [
    row("fine-tuning", [87.78, 93.82, 94.72, 71.74, 91.11, 53.49, 91.16, 89.16, 84.12, 220, 220]),
    row("OPF-MPO static", [87.95, 93.27, 92.88, 74.64, 89.89, 62.72, 91.21, 90.76, 85.42, 663, 220]),
    row("OPF-MPO dynamic", [88.78, 93.91, 95.14, 77.42, 91.08, 63.51, 91.11, 91.30, 86.53, 663, 220]),
  ],
  "T5-large": [
    row("fine-tuning", [89.32, 94.03, 96.20, 83.94, 91.54, 55.10, 91.90, 90.15, 86.51, 770, 770]),
    row("OPF-MPO static", [88.15, 93.98, 96.21, 83.98, 89.88, 66.38, 91.91, 92.38, 87.86, 1426, 770]),
    row("OPF-MPO dynamic", [88.91, 94.11, 96.05, 84.12, 91.67, 66.51, 91.85, 92.41, 88.20, 1426, 770]),
  ],
  "BART-base": [
    row("fine-tuning", [85.78, 93.15, 92.54, 69.31, 91.00, 44.72, 91.08, 90.58, 82.27, 140, 140]),
    row("OPF-MPO static", [85.84, 93.62, 93.58, 67.57, 91.16, 45.78, 91.07, 90.32, 82.36, 418, 140]),
    row("OPF-MPO dynamic", [85.89, 93.94, 93.81, 71.56, 90.64, 46.75, 91.11, 90.31, 83.07, 418, 140]),
  ],
  "BART-large": [
    row("fine-tuning", [88.60, 93.98, 95.76, 79.92, 91.08, 59.56, 91.23, 90.14, 86.28, 407, 407]),
    row("OPF-MPO static", [88.75, 94.21, 95.18, 79.81, 90.67, 61.69, 91.15, 90.16, 86.45, 1198, 407]),
    row("OPF-MPO dynamic", [89.09, 94.12, 95.35, 82.31, 91.16, 62.55, 91.08, 91.31, 87.12, 1198, 407]),
  ],
};

/** What the published figures are means of. */
export const SPLIT_CAVEAT =
  "Means of five seeds on half of the dev set (section 5.1; according to appendix B, only for RTE, MRPC, STS-B and CoLA).";

/** Caveats about every figure of the paper, but for those of T5. */
export const CAVEATS = [
  "The released code trains no factors: they enter the model after its optimizer is created. As released, static OPF is " +
  "fine-tuning with the selected matrices frozen. Whether the published figures came from that code is unknown.",
  SPLIT_CAVEAT,
];

/** Doubts about the row without OPF, by model. */
export const BASELINE_CAVEATS = {
  "BERT-small":
    "All eight values of the row without OPF equal the GLUE test server scores that Google publishes with " +
    "the model: it was not run on the paper's split, and gains over it are partly the difference between the two sets.",
  "BERT-medium": "All eight values of the row without OPF equal the GLUE test server scores that Google publishes " +
    "with the model: it was not run on the paper's split, and gains over it are partly the difference between the two sets.",
  "BERT-base":
    "QNLI, RTE, CoLA and STS-B of the row without OPF equal the test server scores of Devlin et al. 2019; the other " +
    "four differ (SST-2 93.5, MRPC 88.9, MNLI 84.6 there).",
  "BERT-large":
    "QNLI, RTE, CoLA, STS-B and MRPC of the row without OPF equal the test server scores of Devlin et al. 2019.",
};
