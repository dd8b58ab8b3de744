/**
 * A small experiment and its runs.
 *
 * @module
 */
import { defineExperiment, type Experiment, RequestError } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertStringIncludes, assertThrows } from "@std/assert";
import { ExperimentGrid } from "../../../core/experiment/grid.ts";
import type { Overrides } from "../../../core/results/manifest.ts";

/** Two methods on two models and two tasks, with two seeds. */
export const experiment = defineExperiment({
  name: "e",
  models: ["a", "b"],
  tasks: ["rte", "mrpc"],
  seeds: [1, 2],
  training: { epochs: 2 },
  parameters: { tensors: 3, gauge: "left" },
  methods: ({ tensors }) => ({
    "fine-tuning": {},
    "OPF-MPO static": {
      decomposition: mpo({ tensors }),
      policy: staticTop({ n: 1, score: taylor() }),
      training: { epochs: 4 },
    },
  }),
});

/** The specs of every run. */
export function specs(experiment: Experiment, changes: Overrides = {}) {
  const grid = new ExperimentGrid(experiment, changes, { tasks });
  return grid.coordinates.map((coordinates) => grid.specAt(coordinates));
}

/** Expects a request error that holds a text. */
export const refused = (run: () => unknown, message: string) =>
  assertStringIncludes(assertThrows(run, RequestError).message, message);
