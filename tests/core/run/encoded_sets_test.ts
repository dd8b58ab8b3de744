// Together: core/run/encoded_sets.ts, core/run/resolve.ts and core/run/test_submission.ts.
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../core/results/result.ts";
import { inFolder } from "../../_place.ts";
import { writeTinyData, writeTinyModel } from "../../_tiny.ts";
import { run } from "../cli/_command.ts";

const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";

export default defineExperiment({
  name: "tiny",
  models: ["./model"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 1, batchSize: 16, maxLength: 16 },
  methods: { "fine-tuning": {} },
});
`;

Deno.test("a special token without an embedding changes nothing, until a text spells it out", () =>
  inFolder(async (folder) => {
    await writeTinyModel(`${folder}/model`);
    await writeTinyData(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/tiny.ts`, EXPERIMENT);
    const reproduce = (runs: string) =>
      run(["reproduce", "tiny.ts", "--data", "data", "--runs", runs, "--keep-models", "--json"], folder);
    const plain = await reproduce("plain");
    const config = { model_max_length: 32, do_lower_case: true, additional_special_tokens: ["<extra>"] };
    await Deno.writeTextFile(`${folder}/model/tokenizer_config.json`, JSON.stringify(config));
    const larger = await reproduce("larger");
    assertEquals([plain.code, larger.code], [0, 0], larger.err);
    const [a, b] = [plain, larger].map(({ out }) => JSON.parse(out).results[0] as Result) as [Result, Result];
    assertEquals(b.metrics, a.metrics);

    const dev = await Deno.readTextFile(`${folder}/data/sst2/dev.tsv`);
    const spelled = dev.replace("film", "film <extra>");
    const tests = spelled.trimEnd().split("\n").map((line) => line.split("\t").slice(0, -1).join("\t") + "\n").join("");
    await Deno.writeTextFile(`${folder}/data/sst2/test.tsv`, tests);
    const words = ["export", b.id, "submission", "--runs", "larger", "--test-predictions", "--data", "data"];
    const submission = await run(words, folder);
    assertEquals(submission.code, 2);
    assertStringIncludes(submission.err, "expected tokens with ids below 20");
    await Deno.writeTextFile(`${folder}/data/sst2/dev.tsv`, spelled);
    const { code, err } = await reproduce("spelled");
    assertEquals(code, 1);
    assertStringIncludes(err, "sst2, dev example ");
    assertStringIncludes(err, 'expected tokens with ids below 20 ("vocab_size" of config.json), got 20');
  }));
