import { type BackendOptions, RequestError } from "@opf/framework";
import { assertEquals, assertRejects } from "@std/assert";
import { oncePerProcess } from "../../../plugins/backends/_once_per_process.ts";

Deno.test("a start that failed is tried again, one that succeeded is not repeated", async () => {
  let calls = 0;
  const start = oncePerProcess(({ device = "cpu" }: BackendOptions) => {
    calls++;
    if (device === "gpu") return Promise.reject(new RequestError("no GPU"));
    return Promise.resolve({ name: "one", device });
  });
  await assertRejects(() => start({ device: "gpu" }), RequestError, "no GPU");
  const [first, second] = await Promise.all([start(), start({ device: "cpu" })]);
  assertEquals([first === second, calls], [true, 2]);
});

Deno.test("another device than the first is refused", async () => {
  const start = oncePerProcess(() => Promise.resolve({ name: "one", device: "cpu" as const }));
  await start();
  await assertRejects(() => start({ device: "gpu" }), RequestError, "Expected a GPU, got the backend one");
});
