import { RequestError } from "@opf/framework";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { clientOptions } from "../../../../../plugins/backends/xla/_pjrt/client_options.ts";

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
