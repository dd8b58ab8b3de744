/**
 * The rows of the benchmark.
 *
 * @module
 */
import { type BatchShape, chainEfficiency, CONFIG, productsOfStep } from "./_shapes.ts";
import type { Measurement, Work } from "./_work.ts";

/** One row of the table. */
export interface RowPlan {
  readonly name: string;
  readonly unit: "s" | "bytes";
  readonly ours: Work;
  /** The comparison: a peer in Python, or other work of ours. */
  readonly peer?: Work & { readonly side: "python" | "ours" };
  /** The value of a measurement. @default its seconds */
  readonly value?: (measurement: Measurement) => number;
  /** The `ratio` of a pair. @default ours : peer, or ours for a row without a peer */
  readonly ratio?: (ours: number, peer: number) => number;
  /** Start new processes for each pair. @default false */
  readonly fresh?: boolean;
  /** The goal for `ratio` on a CPU. */
  readonly goal?: string;
  /** It says nothing about a GPU. @default false */
  readonly onlyOnCpu?: boolean;
}

const shaped = (batchSize: number, length: number): BatchShape => ({ batchSize, length });
const named = ({ batchSize, length }: BatchShape) => `${batchSize}x${length}`;
const LARGE = shaped(32, 128), HALF = shaped(32, 64);

const step = (shape: BatchShape, goal: string, repeat = 1): RowPlan => {
  const work: Work = { work: "step", ...shape, repeat, warm: 2 };
  return { name: `step/${named(shape)}`, unit: "s", ours: work, peer: { ...work, side: "python" }, goal };
};

const opfOverPlain = (shape: BatchShape): RowPlan => {
  const work: Work = { work: "step", ...shape, repeat: 3, warm: 2 };
  return {
    name: `opf-over-plain/${named(shape)}`,
    unit: "s",
    ours: { ...work, opf: true },
    peer: { ...work, side: "ours" },
    ratio: (opf, plain) => chainEfficiency(shape, { opf, plain }),
    goal: "≥ 0.95",
  };
};

// What the first step of a process takes beyond a later one; in the rows "kept" earlier processes have compiled it.
const firstStep = (name: string, ours: Work, goal?: string): RowPlan => ({
  name: `first-step/${name}`,
  unit: "s",
  ours,
  value: ({ seconds, firstSeconds }) => firstSeconds! - seconds,
  fresh: true,
  ...(goal !== undefined && { goal }),
});

const opfStep: Work = { work: "step", ...LARGE, opf: true, warm: 2 };
const smallOpfStep: Work = { ...opfStep, tensors: 11 };
const evaluation: Work = { work: "evaluate", ...LARGE, opf: true, repeat: 8 };
const inference: Work = { work: "inference", ...LARGE, repeat: 12 };
const plainStep: Work = { work: "step", ...LARGE, warm: 2 };

// On a CPU, where all "devices" are the same cores, it says what sharing a batch costs.
const onDevices: Work = { ...plainStep, backend: "xla" };
const sharedStep: RowPlan = {
  name: "devices/1-2-4",
  unit: "s",
  ours: { ...onDevices, devices: [2, 4] },
  peer: { ...onDevices, devices: [1], side: "ours" },
};

/** The rows that need no data. */
export const ROWS: readonly RowPlan[] = [
  step(LARGE, "≤ 0.70"),
  step(HALF, "≤ 0.70", 3),
  step(shaped(8, 64), "≤ 0.80", 10),
  step(shaped(8, 32), "≤ 0.80", 10),
  { name: "opf-step/32x128", unit: "s", ours: opfStep, peer: { ...opfStep, side: "python" }, goal: "≤ 0.65" },
  { name: "opf-step/32x128-11", unit: "s", ours: smallOpfStep, peer: { ...smallOpfStep, side: "python" } },
  opfOverPlain(LARGE),
  opfOverPlain(HALF),
  { name: "evaluate/32x128", unit: "s", ours: evaluation, peer: { ...evaluation, side: "python" }, goal: "≤ 0.60" },
  {
    name: "decompose/18",
    unit: "s",
    ours: { work: "decompose" },
    peer: { work: "decompose", opf: true, warm: 0, side: "python" },
    goal: "≤ 0.015",
  },
  {
    name: "merged-inference/32x128",
    unit: "s",
    ours: { ...inference, opf: true },
    peer: { ...inference, side: "ours" },
    goal: "1.00 ± 0.03",
  },
  {
    name: "memory/32x128",
    unit: "bytes",
    ours: plainStep,
    peer: { ...plainStep, side: "python" },
    value: ({ peakBytes }) => peakBytes,
    fresh: true,
    goal: "≤ 1.0",
  },
  firstStep("32x128", { ...plainStep, cold: true }, "≤ 3 s"),
  firstStep("32x128-11", { ...smallOpfStep, cold: true }),
  firstStep("32x128-kept", plainStep),
  firstStep("32x128-11-kept", smallOpfStep),
  sharedStep,
  {
    name: "limit/32x128",
    unit: "s",
    ours: plainStep,
    peer: { work: "products", products: productsOfStep(LARGE), side: "python" },
    ratio: (ours, products) => products / ours,
    onlyOnCpu: true,
    goal: "≥ 0.75",
  },
];

/** Plain and OPF steps on ten real batches in a row, which are read from a file. */
export const taskRows = (task: string, file: string): RowPlan[] =>
  [false, true].map((opf) => {
    const work: Work = { work: "step", batchSize: 32, length: 128, batches: file, ...(opf && { opf }) };
    return { name: `${opf ? "opf-step" : "step"}/${task}`, unit: "s", ours: work, peer: { ...work, side: "python" } };
  });

const curve = (what: string, sizes: readonly number[], work: (size: number) => Work): RowPlan[] =>
  sizes.map((size) => ({ name: `cost-of-${what}/${size}`, unit: "s", ours: work(size) }));
const small: Work = { work: "step", batchSize: 8, length: 64, warm: 2 };

/** The cost of a step as a function of each size, with the others small. */
export const CURVES: readonly RowPlan[] = [
  ...curve("batch", [4, 8, 16, 32, 64], (batchSize) => ({ ...small, batchSize })),
  ...curve("length", [16, 32, 64, 128, 256], (length) => ({ ...small, length })),
  ...curve("layers", [1, 2, 4, CONFIG.num_hidden_layers, 12], (layers) => ({ ...small, layers })),
  ...curve("tensors", [2, 5, 11, 15, 21], (tensors) => ({ ...small, opf: true, tensors })),
  ...curve("matrices", [1, 6, 12, 18], (matrices) => ({ ...small, opf: true, matrices })),
];
