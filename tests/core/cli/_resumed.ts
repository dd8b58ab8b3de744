/**
 * An experiment on the tiny model that is killed and resumed.
 *
 * @module
 */
import type { Result } from "../../../core/results/result.ts";
import { inTinyFolder } from "./_command.ts";
import { events } from "./_processes.ts";

/** The backend of these tests: any will do, and this one starts fast because it compiles nothing. */
export const BACKEND: readonly string[] = ["--backend", Deno.env.get("OPF_TEST_BACKEND") ?? "wasm"];

/** Runs it, with `--runs` added. */
export const COMMAND = [
  ...["reproduce", "resumed.ts", "--data", "data", "--threads", "1", "--json"],
  ...BACKEND,
];

// All that a checkpoint must bring back: factors, rounds, sums of gradients, a best model, a rate found by trials.
const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { dense, dynamicTop, mpo, staticTop, taylor } from "@opf/framework/plugins";

export default defineExperiment({
  name: "resumed",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 8, batchSize: 8, learningRate: 5e-3, factorLearningRate: 1e-3, maxLength: 16 },
  methods: {
    "dynamic": {
      decomposition: mpo({ tensors: 3 }),
      policy: dynamicTop({ n: 2, perRound: 1, every: { steps: 12 }, firstRound: "after", score: taylor({ gradients: "training" }) }),
      training: { keep: "best", heldOut: 0.2 },
    },
    "rate-matched": {
      decomposition: dense({ rate: { matched: mpo({ tensors: 3 }) } }),
      policy: staticTop({ n: 1, score: taylor() }),
    },
  },
});
`;

/** A folder with the experiment, its model and its data, taken away afterwards. */
export const inFolder = <T>(use: (folder: string) => Promise<T>): Promise<T> =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/resumed.ts`, EXPERIMENT.replace("MODEL", `${folder}/model`));
    return await use(folder);
  });

/** What must be the same: each step as it was taken last, and all that a result says of numbers. */
export function numbers(runs: string, { id, metrics, selected, rankings, merge, parameters }: Result) {
  const losses = new Map<number, unknown>();
  for (const event of events(`${runs}/${id}`)) {
    if (event.type === "step") losses.set(event.step, [event.loss, event.gradientNorm]);
  }
  const predictions = Deno.readTextFileSync(`${runs}/${id}/predictions.jsonl`);
  return { metrics, selected, rankings, merge, parameters, losses: [...losses], predictions };
}
