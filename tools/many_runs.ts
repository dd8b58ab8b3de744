/**
 * 10,000 runs of a tiny model, for `made_up_runs.ts`: four methods on two tasks, 25 learning rates, 50 seeds.
 *
 * @module
 */
import { defineExperiment, type Experiment } from "@opf/framework";
import { mpo, staticTop, svd, taylor } from "@opf/framework/plugins";
import { fileURLToPath } from "node:url";

const policy = staticTop({ n: 1, score: taylor() });

const manyRuns: Experiment = defineExperiment({
  name: "many-runs",
  models: [fileURLToPath(new URL("../tests/fixtures/tiny_run/model", import.meta.url))],
  tasks: ["sst2", "stsb"],
  seeds: Array.from({ length: 50 }, (_, index) => index + 1),
  training: { epochs: 2, batchSize: 8, maxLength: 16 },
  sweep: { "training.learningRate": Array.from({ length: 25 }, (_, index) => (index + 1) * 1e-5) },
  methods: {
    "fine-tuning": {},
    "OPF-SVD": { decomposition: svd(), policy },
    "OPF-MPO": { decomposition: mpo({ tensors: 3 }), policy },
    "OPF-MPO 5": { decomposition: mpo({ tensors: 5 }), policy },
  },
});

export default manyRuns;
