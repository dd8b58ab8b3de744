import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Client } from "../../../../../plugins/backends/xla/_pjrt/client.ts";
import { PjrtError } from "../../../../../plugins/backends/xla/_pjrt/pjrt.ts";
import { startError } from "../../../../../plugins/backends/xla/_pjrt/start_error.ts";
import { client } from "./_client.ts";

Deno.test("startError() says what to do about an option that a plugin does not have", () => {
  const error = assertThrows(() => new Client(client.pjrt, { options: { nonsense: 1 } }), PjrtError);
  assertStringIncludes(startError(error), "OPF_PJRT_OPTIONS");
  assertStringIncludes(startError(error), "nonsense");
  const ofWrongType = assertThrows(() => new Client(client.pjrt, { options: { cpu_device_count: "two" } }), PjrtError);
  assertStringIncludes(startError(ofWrongType), "cpu_device_count");
  assertStringIncludes(startError(ofWrongType), "OPF_PJRT_OPTIONS");
});

Deno.test("startError() says what to do when another process has the GPU", () => {
  for (
    const error of [
      new PjrtError("CUDA_ERROR_OUT_OF_MEMORY: out of memory\nat a.cc", "INTERNAL"),
      new PjrtError("CUDA error: all CUDA-capable devices are busy or unavailable", "INTERNAL"),
      new PjrtError("Could not allocate", "RESOURCE_EXHAUSTED"),
    ]
  ) assertStringIncludes(startError(error), "Another process may use the GPU");
  assertEquals(startError(new PjrtError("No visible GPU devices", "INTERNAL")), "No visible GPU devices.");
});
