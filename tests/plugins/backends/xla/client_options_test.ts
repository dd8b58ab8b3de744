import { RequestError } from "@opf/framework";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Client } from "../../../../plugins/backends/xla/_client.ts";
import { clientOptions, startError } from "../../../../plugins/backends/xla/_client_options.ts";
import { PjrtError } from "../../../../plugins/backends/xla/_pjrt.ts";
import { client } from "./_client.ts";

const given = (value?: string) => ({ get: () => value });

Deno.test("clientOptions() leaves room for other processes on a GPU, unless the user wants otherwise", () => {
  assertEquals(clientOptions(false, given()), {});
  assertEquals(clientOptions(true, given()), { preallocate: false, memory_fraction: 0.9 });
  assertEquals(clientOptions(true, given("preallocate=true, allocator=platform,")), {
    preallocate: true,
    memory_fraction: 0.9,
    allocator: "platform",
  });
  assertEquals(clientOptions(false, given("memory_fraction=0.5")), { memory_fraction: 0.5 });
  for (const text of ["preallocate", "=true", "a b=1"]) {
    assertStringIncludes(assertThrows(() => clientOptions(true, given(text)), RequestError).message, `got "${text}"`);
  }
});

Deno.test("startError() says what to do about an option that a plugin does not have", () => {
  const error = assertThrows(() => new Client(client.pjrt, { options: { nonsense: 1 } }), PjrtError);
  assertStringIncludes(startError(error), "OPF_PJRT_OPTIONS");
  assertStringIncludes(startError(error), "nonsense");
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
