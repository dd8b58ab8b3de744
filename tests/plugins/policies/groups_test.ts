import type { MatrixInfo } from "@opf/framework";
import { assertEquals } from "@std/assert";
import { type GroupOptions, groups } from "../../../plugins/policies/_groups.ts";

const matrix = (stack: "encoder" | "decoder", layer: number): MatrixInfo => ({
  name: `${stack}.${layer}.fc1.weight`,
  kind: "ffn",
  module: "fc1",
  layer,
  stack,
  shape: [2, 2],
});

Deno.test("groups() keeps the stacks of an encoder-decoder model apart by module, and together by kind", () => {
  const matrices = [matrix("encoder", 0), matrix("encoder", 1), matrix("decoder", 0)];
  const names = (options: GroupOptions) =>
    [...groups(matrices, options)].map(([group, found]) => [group, ...found.map(({ name }) => name)]);
  assertEquals(names({}), [
    ["encoder fc1", "encoder.0.fc1.weight", "encoder.1.fc1.weight"],
    ["decoder fc1", "decoder.0.fc1.weight"],
  ]);
  assertEquals(names({ by: "kind" }), [["ffn", ...matrices.map(({ name }) => name)]]);
});
