import { RandomKey, RequestError, Weights } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { trainableBy } from "../../../core/training/step_options.ts";
import { initialTensors } from "../../_initial_tensors.ts";
import { CONFIG } from "../../_tiny.ts";

Deno.test("trainableBy() reads patterns of names, and refuses one that no parameter matches", () => {
  const architecture = bert({ source: "tiny" }).architecture(CONFIG, { kind: "classification", outputs: 2 });
  const weights = new Weights(architecture, initialTensors(architecture, { key: RandomKey.of(1), width: 0.1 }));
  const trained = (train: string[]) =>
    weights.slots.filter(trainableBy(train, weights)).map(({ parameter }) => parameter.name);
  assertEquals(trained(["classifier.*"]), ["classifier.weight", "classifier.bias"]);
  assertEquals(trained(["*.layer.1.*.query.*", "classifier.bias"]), [
    "bert.encoder.layer.1.attention.self.query.weight",
    "bert.encoder.layer.1.attention.self.query.bias",
    "classifier.bias",
  ]);
  assertStringIncludes(
    assertThrows(() => trainableBy(["clasifier.bias"], weights), RequestError).message,
    '"classifier.bias"',
  );
  weights.dispose();
});
