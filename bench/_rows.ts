/**
 * What is measured: a row each.
 *
 * @module
 */
import { CONFIG, productsOfStep } from "./_shapes.ts";
import type { Measurement, Work } from "./_work.ts";

/** One row of the table. */
export interface RowPlan {
  readonly name: string;
  readonly unit: "s" | "bytes";
  readonly ours: Work;
  /** What it is compared with: a peer in Python, or other work of ours. */
  readonly peer?: Work & { readonly side: "python" | "ours" };
  /** The number of a measurement. @default its seconds */
  readonly value?: (measurement: Measurement) => number;
  /** What stands in `ratio`. @default ours : peer, or the figure itself where there is no peer */
  readonly ratio?: (ours: number, peer: number) => number;
  /** New processes for each pair. @default false */
  readonly fresh?: boolean;
  /** What is to be reached, for the table. */
  readonly goal?: string;
}

const shaped = (lines: number, length: number) => ({ lines, length });
const named = ({ lines, length }: { lines: number; length: number }) => `${lines}x${length}`;
const LARGE = shaped(32, 128), HALF = shaped(32, 64);

const step = (shape: ReturnType<typeof shaped>, goal: string, repeat = 1): RowPlan => {
  const work: Work = { work: "step", ...shape, repeat, warm: 2 };
  return { name: `step/${named(shape)}`, unit: "s", ours: work, peer: { ...work, side: "python" }, goal };
};

const opfOverPlain = (shape: ReturnType<typeof shaped>, goal: string): RowPlan => {
  const work: Work = { work: "step", ...shape, repeat: 3, warm: 2 };
  return {
    name: `opf-over-plain/${named(shape)}`,
    unit: "s",
    ours: { ...work, opf: true },
    peer: { ...work, side: "ours" },
    goal,
  };
};

const opfStep: Work = { work: "step", ...LARGE, opf: true, warm: 2 };
const evaluation: Work = { work: "evaluate", ...LARGE, opf: true, repeat: 8 };
const inference: Work = { work: "inference", ...LARGE, repeat: 12 };
const plainStep: Work = { work: "step", ...LARGE, warm: 2 };

/** The rows that need nothing but the project. */
export const ROWS: readonly RowPlan[] = [
  step(LARGE, "≤ 0.70"),
  step(HALF, "≤ 0.70", 3),
  step(shaped(8, 64), "≤ 0.80", 10),
  step(shaped(8, 32), "≤ 0.80", 10),
  { name: "opf-step/32x128", unit: "s", ours: opfStep, peer: { ...opfStep, side: "python" }, goal: "≤ 0.65" },
  opfOverPlain(LARGE, "≤ 1.35"),
  opfOverPlain(HALF, "≤ 1.75"),
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
  {
    name: "first-step/32x128",
    unit: "s",
    ours: { ...plainStep, cold: true },
    value: ({ seconds, firstSeconds }) => firstSeconds! - seconds,
    fresh: true,
    goal: "≤ 3 s",
  },
  {
    name: "limit/32x128",
    unit: "s",
    ours: plainStep,
    peer: { work: "products", products: productsOfStep(LARGE.lines, LARGE.length), side: "python" },
    ratio: (ours, products) => products / ours,
    goal: "≥ 0.75",
  },
];

/** Plain and OPF steps on real batches, ten of them one after another; `file` holds them. */
export const taskRows = (task: string, file: string): RowPlan[] =>
  [false, true].map((opf) => {
    const work: Work = { work: "step", lines: 32, length: 128, batches: file, ...(opf && { opf }) };
    return { name: `${opf ? "opf-step" : "step"}/${task}`, unit: "s", ours: work, peer: { ...work, side: "python" } };
  });

const grown = (what: string, sizes: readonly number[], work: (size: number) => Work): RowPlan[] =>
  sizes.map((size) => ({ name: `cost-of-${what}/${size}`, unit: "s", ours: work(size) }));
const small: Work = { work: "step", lines: 8, length: 64, warm: 2 };

/** How a step's cost grows with each size, the others being small. */
export const CURVES: readonly RowPlan[] = [
  ...grown("batch", [4, 8, 16, 32, 64], (lines) => ({ ...small, lines })),
  ...grown("length", [16, 32, 64, 128, 256], (length) => ({ ...small, length })),
  ...grown("layers", [1, 2, 4, CONFIG.num_hidden_layers, 12], (layers) => ({ ...small, layers })),
  ...grown("tensors", [2, 5, 11, 15, 21], (tensors) => ({ ...small, opf: true, tensors })),
  ...grown("matrices", [1, 6, 12, 18], (matrices) => ({ ...small, opf: true, matrices })),
];
