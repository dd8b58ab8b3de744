// Together: plugins/backends/tensorflow/ and the suite for all backends.
import { engine } from "@opf/framework";
import { assertEquals } from "@std/assert";
import "../_suite/mod.ts";

Deno.test("the suite ran on tensorflow", () => assertEquals(engine().name, "tensorflow"));
