/**
 * What a run will cost, from counts alone.
 *
 * @module
 */
import type { PreparedRun } from "../experiment/prepare.ts";

// Rough figures of one machine (two AVX-512 cores): arithmetic of a training step, and start-up with compilation, of a
// model of 20 million parameters or more and of a tiny one.
const OPERATIONS_PER_SECOND = 1e11, START_SECONDS = { tiny: 5, large: 30 };

/** Parameters, and estimates to the order of magnitude of time and memory on a two-core machine. */
export function estimate({ architecture, spec, steps }: Pick<PreparedRun, "architecture" | "spec" | "steps">): {
  parameters: { model: number; training: number; merged: number };
  /** What one matrix of each module becomes, and how many of it. */
  matrices: { module: string; count: number; shape: readonly number[]; dense: number; factors: number }[];
  estimate: { seconds: number; bytes: number };
} {
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const model = architecture.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { decomposition, policy } = spec.method;
  const { n = Infinity, by = "module" } = (policy?.options ?? {}) as { n?: number; by?: string };
  const groups = Map.groupBy(
    architecture.matrices,
    (matrix) => by === "module" ? matrix.module : by === "kind" ? matrix.kind : "",
  );
  let added = 0, chain = 0;
  const written: ReturnType<typeof estimate>["matrices"] = [];
  if (decomposition) {
    for (const matrices of groups.values()) {
      for (const { shape, module } of matrices.slice(0, n)) {
        const sizes = decomposition.plan(shape).factorShapes.map(sizeOf);
        const factors = sizes.reduce((sum, size) => sum + size, 0);
        added += factors - sizeOf(shape);
        const known = written.find((own) => own.module === module);
        if (known) known.count++;
        else written.push({ module, count: 1, shape, dense: sizeOf(shape), factors });
        chain += factors * Math.sqrt(sizeOf(shape)); // products of neighbours, about
      }
    }
  }
  const { batchSize, gradientAccumulationSteps, maxLength } = spec.training;
  const tokens = batchSize * gradientAccumulationSteps * maxLength * 0.75;
  const weights = architecture.matrices.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const activations = 4 * batchSize * maxLength *
    architecture.matrices.reduce((sum, { shape }) => sum + 2 * shape[0], 0);
  const perStep = (6 * tokens * weights + 6 * chain) / OPERATIONS_PER_SECOND;
  const start = START_SECONDS.tiny + (START_SECONDS.large - START_SECONDS.tiny) * Math.min(1, model / 20e6);
  return {
    parameters: { model, training: model + added, merged: model },
    matrices: written,
    estimate: { seconds: start + steps * perStep, bytes: 1e9 + 20 * (model + added) + activations },
  };
}
