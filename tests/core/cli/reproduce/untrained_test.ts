// Together: plugins/models/untrained.ts in whole runs, with their scores, exports and results.
import { assert, assertEquals } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";

const experiment = (folder: string) => `
import { defineExperiment } from "@opf/framework";
import { bert, mpo, staticTop, untrained, zeroing } from "@opf/framework/plugins";

export default defineExperiment({
  name: "untrained",
  models: [untrained(bert({ source: ${JSON.stringify(`${folder}/model`)} }))],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 2, batchSize: 16, learningRate: 5e-3, maxLength: 16 },
  methods: { OPF: { decomposition: mpo({ tensors: 3 }), policy: staticTop({ n: 1, score: zeroing() }) } },
});
`;

Deno.test("an untrained model is factorized, scored by its fine-tuned weights, kept, and moves from its initial values", () =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/untrained.ts`, experiment(folder));
    const args = ["reproduce", "untrained.ts", "--data", "data", "--runs", "runs", "--keep-models", "--json"];
    const { code, out, err } = await run(args, folder);
    assertEquals(code, 0, err);
    assert(!err.includes("newly initialized"), err); // as all of its parameters are
    const { results } = JSON.parse(out) as { results: Result[] };
    const { id, selected } = results.find(({ method }) => method === "OPF")!;
    assert(selected.length > 0);
    for (const { name, moved, score } of selected) {
      assert(moved! > 1e-4 && moved! < 10, `${name} moved by ${moved}`);
      assert(Number.isFinite(score), `${name}: ${score}`);
    }
    const files = [...Deno.readDirSync(`${folder}/runs/${id}/model`)].map(({ name }) => name).toSorted();
    assertEquals(files, ["README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
  }));
