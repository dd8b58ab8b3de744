// Together: plugins/backends/xla/ and the suite for all backends.
import { engine, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assertEquals } from "@std/assert";
import "../_suite/mod.ts";

useEngine(await xla.start());

Deno.test("the suite ran on xla", () => assertEquals([engine().name, tf.getBackend()], ["xla", "xla"]));
