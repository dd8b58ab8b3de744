import { type Backend, RequestError } from "@opf/framework";
import * as plugins from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { backendFor, backendNamed, modelFor } from "../../core/registry.ts";

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

Deno.test("modelFor() takes the plugin that is named like the model_type, and says how to pass another", () => {
  for (const name of ["bert", "mpnet", "bart", "t5"]) {
    const { name: made, source } = modelFor(name, { source: "org/name", plugins });
    assertEquals([made, source], [name, "org/name"]);
  }
  for (const type of ["mt5", "toString", "knownConfigs", "folder", undefined, null, 5]) {
    const { message } = assertThrows(() => modelFor(type, { source: "org/name", plugins }), RequestError);
    assertStringIncludes(message, `org/name: no model plugin for the model_type ${JSON.stringify(type)}`);
    assertStringIncludes(message, "models: [plugin({ source })]");
  }
});
