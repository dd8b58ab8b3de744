import { engine } from "@opf/framework";
import { assertEquals } from "@std/assert";
import "../_suite/mod.ts";

Deno.test("what is tested here is tensorflow", () => assertEquals(engine().name, "tensorflow"));
