/**
 * What a run will cost, from shapes alone.
 *
 * @module
 */
import { type MatrixInfo, untied } from "../../model/model.ts";
import type { RunOutline } from "../../run/run_spec.ts";
import { runLength } from "../../training/data_split.ts";

// Measured on two AVX-512 cores under load (docs/performance.md): arithmetic of a training step; start-up with
// compilation for a tiny model and for one of 20 million parameters or more.
const OPERATIONS_PER_SECOND = 1.2e11, START_SECONDS = { tiny: 5, large: 30 }, LARGE_PARAMETERS = 20e6;
// Of the process without a model; of a parameter with its gradient and its two moments, and one copy.
const PROCESS_BYTES = 1e9, BYTES_PER_PARAMETER = 20, BYTES_PER_ACTIVATION = 4;

/** What the matrices of one module and shape become. */
export interface FactorizedMatrices {
  readonly module: string;
  count: number;
  readonly shape: readonly number[];
  /** Parameters of one matrix. */
  readonly dense: number;
  /** Parameters of its factors. */
  readonly factors: number;
}

/** What a run will cost, to the order of magnitude, on a machine with two cores. */
export interface Estimate {
  readonly parameters: { readonly model: number; readonly training: number; readonly merged: number };
  readonly matrices: readonly FactorizedMatrices[];
  readonly estimate: { readonly seconds: number; readonly bytes: number };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const sum = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Parameters, time and memory of a run. */
export function estimate(run: RunOutline): Estimate {
  const { architecture: { parameters, matrices }, spec: { training, task }, trainingExamples, steps } = run;
  const model = sum(untied(parameters).map(({ shape }) => sizeOf(shape)));
  const { factorized, chainOperations } = factorize(run);
  const inTraining = model + sum(factorized.map(({ count, dense, factors }) => count * (factors - dense)));
  const { batchSize, gradientAccumulationSteps, maxLength } = training;
  const length = Math.min(maxLength, task.rows?.padded ?? 0.75 * maxLength);
  const tokens = batchSize * gradientAccumulationSteps * length;
  const activations = batchSize * maxLength * sum(matrices.map(({ shape }) => 2 * shape[0]));
  // A multiplication and an addition, in the forward pass and twice in the backward pass.
  const operations = 6 * (tokens * sum(matrices.map(({ shape }) => sizeOf(shape))) + chainOperations);
  // Forward passes over the dev set: after each epoch, before and after factorization; over others at the end.
  const { dev = 0, additionalDev = 0 } = task.rows ?? {};
  const epochs = Math.ceil(steps / runLength(training, trainingExamples).stepsPerEpoch);
  const evaluated = (epochs + 2) * dev + additionalDev;
  const evaluation = 2 * evaluated * length * sum(matrices.map(({ shape }) => sizeOf(shape)));
  const start = START_SECONDS.tiny +
    (START_SECONDS.large - START_SECONDS.tiny) * Math.min(1, model / LARGE_PARAMETERS);
  return {
    parameters: { model, training: inTraining, merged: model },
    matrices: factorized,
    estimate: {
      seconds: start + (steps * operations + evaluation) / OPERATIONS_PER_SECOND,
      bytes: PROCESS_BYTES + BYTES_PER_PARAMETER * inTraining + BYTES_PER_ACTIVATION * activations,
    },
  };
}

// What becomes of the matrices that the policy will select, and the multiplications that merge the factors once.
function factorize({ architecture: { matrices }, spec: { method: { decomposition, policy } } }: RunOutline) {
  const factorized: FactorizedMatrices[] = [];
  let chainOperations = 0;
  for (const { shape, module } of decomposition ? selected(matrices, policy) : []) {
    const sizes = decomposition!.plan(shape).factorShapes.map(sizeOf);
    if (sizes.length > 1) chainOperations += sum(sizes.map((size) => size ** 1.5)); // a product of square matrices
    const group = factorized.find((group) => group.module === module && String(group.shape) === String(shape));
    if (group) group.count++;
    else factorized.push({ module, count: 1, shape, dense: sizeOf(shape), factors: sum(sizes) });
  }
  return { factorized, chainOperations };
}

function selected(
  matrices: readonly MatrixInfo[],
  policy: RunOutline["spec"]["method"]["policy"],
): readonly MatrixInfo[] {
  if (!policy?.estimate) return matrices;
  const names = new Set(policy.estimate(matrices));
  return matrices.filter(({ name }) => names.has(name));
}
