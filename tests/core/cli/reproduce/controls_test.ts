// Together: core/cli/reproduce.ts and experiments/ablations/controls.ts, on the tiny model.
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";

Deno.test("the controls experiment does every method beside its controls", () =>
  inTinyFolder(async (folder) => {
    const small = ["--models", "./model", "--tasks", "sst2", "--data", "data", "--runs", "runs", "--seeds", "1"];
    const settings = [
      "--set",
      "training.maxLength=16",
      "--set",
      "training.maxSteps=6",
      "--set",
      "training.learningRate=1e-3",
    ];
    const { code, out, err } = await run(["reproduce", "ablations/controls", ...small, ...settings, "--json"], folder);
    assertEquals(code, 0, err);
    const results = JSON.parse(out).results as Result[];
    assertEquals(results.map(({ method, status }) => `${method} ${status}`), [
      "fine-tuning done",
      "frozen done",
      "rate-matched done",
      "OPF-SVD done",
      "OPF-MPO static done",
      "OPF-MPO static, eq. 6 done",
      "OPF-MPO dynamic done",
    ]);
    const by = Object.fromEntries(results.map((result) => [result.method, result]));
    const names = (method: string) => by[method]!.selected.map(({ name }) => name);
    for (const method of ["frozen", "rate-matched", "OPF-SVD"]) assertEquals(names(method), names("OPF-MPO static"));
    assert(by.frozen!.selected.every(({ moved }) => moved === 0));
    assert(by["OPF-MPO static"]!.selected.every(({ moved }) => moved > 0));
    assert(by["rate-matched"]!.selected.every(({ facts }) => Number(facts.rate) > 0));
    assertEquals(by["rate-matched"]!.parameters.training, by["fine-tuning"]!.parameters.model);
    assertGreater(by["OPF-MPO static"]!.parameters.training, by["OPF-SVD"]!.parameters.training);
    for (const { parameters, merge } of results) {
      assertEquals(parameters.merged, by["fine-tuning"]!.parameters.model);
      assertLess(merge.maxLogitDifference, 1e-4);
    }
    assert(by["OPF-MPO dynamic"]!.selected.every(({ step }) => step > 0));
    // The plain run's weights were kept for eq. 6: no second fine-tuning.
    const kept = [...Deno.readDirSync(`${folder}/runs/fine-tuned`)].map(({ name }) => name);
    assertEquals(kept, [`${by["fine-tuning"]!.id}.safetensors`]);
    assert(!err.includes("plain fine-tuning first"), err);
  }));
