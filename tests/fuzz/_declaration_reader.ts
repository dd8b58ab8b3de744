/**
 * What reads declarations of experiments: values, of which only their JSON can be damaged.
 *
 * @module
 */
import { defineExperiment, RequestError } from "@opf/framework";
import { rte, sst2 } from "@opf/framework/tasks";
import { ExperimentGrid } from "../../core/experiment/grid.ts";
import { expectDistinct, jsonFile } from "./_expect.ts";
import { Contradiction, type FileReader } from "./_fuzz.ts";

const DECLARATION = {
  name: "mine/first",
  description: "An experiment",
  models: ["a folder", "another"],
  tasks: ["rte", "sst2"],
  seeds: [1, 2, 3],
  training: { learningRate: 1e-4, epochs: 2, train: ["*.weight"], keep: "best" },
  parameters: { tensors: 5, name: "x" },
  methods: { "fine-tuning": {}, "slower": { training: { learningRate: 1e-5 } } },
  sweep: { "parameters.tensors": [2, 5], "training.learningRate": [1e-4, 1e-5] },
  tune: { "training.learningRate": [1e-4, 1e-5] },
  tuningSeeds: [101],
  checkpoint: { everySeconds: 60 },
  baseline: "fine-tuning",
  contrasts: [["slower", "fine-tuning"]],
  modelContrasts: [["slower", "fine-tuning"]],
  published: { source: "a paper", rows: [{ method: "fine-tuning", values: { rte: 60.5 }, average: 60.5 }] },
  notes: ["a note"],
  workers: { jobs: 2 },
};

const TASKS = { rte, sst2 };

export const declarations: FileReader = {
  name: "declarations",
  seeds: [jsonFile("declaration.json", DECLARATION, true)],
  names: /./, // errors name the experiment and the path in it, or what of the command line they are of
  async read(path) {
    let definition: unknown;
    try {
      definition = JSON.parse(await Deno.readTextFile(path));
    } catch {
      throw new RequestError("A declaration is a value of the program: it has no text to be damaged.");
    }
    const experiment = defineExperiment(definition as Parameters<typeof defineExperiment>[0]);
    const grid = new ExperimentGrid(experiment, {}, { tasks: TASKS });
    const places = grid.coordinates.slice(0, 12);
    const labels = places.map((place) => grid.specAt(place)).map(({ model, task, label, seed, training }) => {
      if (!(training.learningRate >= 0 && training.epochs >= 1)) throw new Contradiction(`training of ${label}`);
      return JSON.stringify([model, task.name, label, seed]);
    });
    expectDistinct("runs", labels);
    return undefined;
  },
};
