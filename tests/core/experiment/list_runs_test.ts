import { RequestError } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertRejects } from "@std/assert";
import { defineExperiment } from "../../../core/experiment/define.ts";
import { ExperimentGrid } from "../../../core/experiment/grid.ts";
import { listRuns } from "../../../core/experiment/list_runs.ts";
import type { RunCoordinates } from "../../../core/run/run_spec.ts";
import type { RunOutline } from "../../../core/run/run_spec.ts";

const experiment = defineExperiment({
  name: "e",
  models: ["a", "b"],
  tasks: ["rte"],
  seeds: [1, 2],
  methods: { "fine-tuning": {}, "same": {} },
});
const grid = new ExperimentGrid(experiment, {}, { tasks });

/** The runs, each with the name and the weights of its model. */
const list = (of: (model: string) => { readonly name: string; readonly weights: string | null }) =>
  listRuns({
    grid,
    resolve: (coordinates: RunCoordinates) => {
      const spec = grid.specAt(coordinates);
      const { name, weights } = of(String(spec.model));
      return Promise.resolve(
        {
          id: weights && `${weights} ${spec.seed}`,
          model: name,
          spec,
          architecture: { matrices: [] },
        } as unknown as RunOutline,
      );
    },
  });

Deno.test("listRuns() gives every run, methods that do the same among them", async () => {
  const { runs, references, tuning } = await list((model) => ({ name: model, weights: `weights of ${model}` }));
  assertEquals([runs.length, references.length, tuning.length], [8, 0, 0]);
  assertEquals(new Set(runs.map(({ id }) => id)).size, 4);
});

Deno.test("listRuns() refuses models that tables would show as one, or that are one", async () => {
  await assertRejects(
    () => list((model) => ({ name: "bert", weights: model })),
    RequestError,
    'two of them are called "bert"',
  );
  await assertRejects(
    () => list((model) => ({ name: model, weights: "the same" })),
    RequestError,
    '"a" and "b" are the same model',
  );
  await list((model) => ({ name: model, weights: null }));
});
