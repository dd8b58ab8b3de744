/**
 * What a run will cost, from counts alone.
 *
 * @module
 */
import type { RunOutline } from "../run/outline.ts";
import type { MatrixInfo } from "../model/model.ts";

// Measured on two AVX-512 cores, beside other work (docs/performance.md): arithmetic of a training step, and start-up with
// compilation, of a tiny model and of one of 20 million parameters or more.
const OPERATIONS_PER_SECOND = 1.2e11, START_SECONDS = { tiny: 5, large: 30 };

/** What one matrix of a module becomes, and how many of it. */
export interface WrittenMatrices {
  readonly module: string;
  count: number;
  readonly shape: readonly number[];
  /** Numbers of the matrix, and of its factors. */
  readonly dense: number;
  readonly factors: number;
}

/** What a run will cost, to the order of magnitude on a two-core machine. */
export interface Estimate {
  readonly parameters: { readonly model: number; readonly training: number; readonly merged: number };
  readonly matrices: readonly WrittenMatrices[];
  readonly estimate: { readonly seconds: number; readonly bytes: number };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const sum = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** Parameters, time and memory of a run. */
export function estimate({ architecture, spec: { method, training, task }, steps }: RunOutline): Estimate {
  const model = sum(architecture.parameters.map(({ shape }) => sizeOf(shape)));
  const { decomposition, policy } = method;
  let added = 0, chain = 0;
  const written: WrittenMatrices[] = [];
  for (const { shape, module } of decomposition ? chosen(architecture.matrices, policy?.options) : []) {
    const sizes = decomposition!.plan(shape).factorShapes.map(sizeOf);
    const dense = sizeOf(shape), factors = sum(sizes);
    added += factors - dense;
    if (sizes.length > 1) chain += sum(sizes.map((size) => size ** 1.5)); // a product of square tensors takes as many
    const known = written.find((own) => own.module === module);
    if (known) known.count++;
    else written.push({ module, count: 1, shape, dense, factors });
  }
  const { batchSize, gradientAccumulationSteps, maxLength } = training;
  const length = Math.min(maxLength, task.rows?.padded ?? 0.75 * maxLength);
  const weights = sum(architecture.matrices.map(({ shape }) => sizeOf(shape)));
  const activations = 4 * batchSize * maxLength * sum(architecture.matrices.map(({ shape }) => 2 * shape[0]));
  const perStep = 6 * (batchSize * gradientAccumulationSteps * length * weights + chain) / OPERATIONS_PER_SECOND;
  const start = START_SECONDS.tiny + (START_SECONDS.large - START_SECONDS.tiny) * Math.min(1, model / 20e6);
  return {
    parameters: { model, training: model + added, merged: model },
    matrices: written,
    estimate: { seconds: start + steps * perStep, bytes: 1e9 + 20 * (model + added) + activations },
  };
}

// As many of each group as the policy's `n` says, the first ones: which will be chosen is not known.
function chosen(matrices: readonly MatrixInfo[], options: unknown): MatrixInfo[] {
  const { n = Infinity, by = "module" } = (options ?? {}) as { n?: number; by?: string };
  const groups = Map.groupBy(matrices, ({ module, kind }) => by === "kind" ? kind : by === "model" ? "" : module);
  return [...groups.values()].flatMap((group) => group.slice(0, n));
}
