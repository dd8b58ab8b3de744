// Together: core/cli/reproduce.ts and core/report/results_table.ts, with two models.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../../../core/io/safetensors.ts";
import { writeTinyModel } from "../../../_tiny.ts";
import { inTinyFolder, run } from "../_command.ts";

Deno.test("with two models, messages about weights and the tables name the model", () =>
  inTinyFolder(async (folder) => {
    await writeTinyModel(`${folder}/other`);
    const path = `${folder}/other/model.safetensors`;
    const file = await readSafetensors(path);
    const tensors = [...file.entries.keys()].map((name) => [name, file.tensor(name)] as const);
    const extra = { shape: [2], values: new Float32Array(2) };
    await writeSafetensors(path, new Map([...tensors, ["embeddings.surprise", extra]]));
    const declared = await Deno.readTextFile(`${folder}/tiny.ts`);
    const both = declared.replace(/models: \[.*\]/, `models: ["${folder}/model", "${folder}/other"]`);
    await Deno.writeTextFile(`${folder}/two.ts`, both);
    const words = ["--data", "data", "--methods", "fine-tuning", "--runs", "runs", "--verbose"];
    const { code, out, err } = await run(["reproduce", "two.ts", ...words], folder);
    assertEquals(code, 0, err);
    assertStringIncludes(err, `${folder}/other: Tensors of the weights that are not used: embeddings.surprise`);
    assertEquals(err.includes(`${folder}/model: Tensors of the weights`), false);
    assertStringIncludes(err, `${folder}/model, sst2, fine-tuning, seed 1: accuracy`);
    assertStringIncludes(out, `fine-tuning, ${folder}/model`);
    assertStringIncludes(out, `fine-tuning, ${folder}/other`);
  }));
