// Together: plugins/backends/wasm/ and the suite for all backends.
import { engine, tf, useEngine } from "@opf/framework";
import { wasm } from "@opf/framework/plugins";
import { assertEquals } from "@std/assert";
import "../_suite/mod.ts";

useEngine(await wasm.start());

Deno.test("the suite ran on wasm", () => assertEquals([engine().name, tf.getBackend()], ["wasm", "wasm"]));
