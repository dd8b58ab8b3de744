import type { Backend } from "@opf/framework";
import { assertEquals, assertThrows } from "@std/assert";
import { backendFor, backendNamed } from "../../core/registry.ts";

const backend = (name: string, hasGpu?: boolean): Backend => ({
  name,
  start: () => Promise.reject(new Error("not started")),
  ...(hasGpu !== undefined && { hasGpu: () => hasGpu }),
});

Deno.test("backendFor() takes a GPU if there is one or one is requested, else the default", () => {
  const nameFor = (device: "cpu" | "gpu" | undefined, hasGpu: boolean) =>
    backendFor(device, { backends: [backend("usual"), backend("accelerated", hasGpu), backend("other")] }).name;
  assertEquals([true, false].map((hasGpu) => nameFor(undefined, hasGpu)), ["accelerated", "usual"]);
  assertEquals([true, false].map((hasGpu) => nameFor("gpu", hasGpu)), ["accelerated", "accelerated"]);
  assertEquals([true, false].map((hasGpu) => nameFor("cpu", hasGpu)), ["usual", "usual"]);
  assertEquals(backendFor("gpu", { backends: [backend("usual")] }).name, "usual"); // which says that it has none
});

Deno.test("backendNamed() knows the near name of an unknown one", () => {
  const backends = [backend("tensorflow"), backend("xla")];
  assertEquals(backendNamed("xla", { backends }).name, "xla");
  assertThrows(() => backendNamed("xls", { backends }), Error, "xla");
});
