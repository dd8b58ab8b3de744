import { RequestError } from "@opf/framework";
import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../core/cli/arguments.ts";

const NAMES = ["tasks", "methods", "models", "seeds"];

Deno.test("items of a list are trimmed", () =>
  assertEquals(readArguments(["--tasks", " rte, mrpc "], { string: NAMES }).list("tasks"), ["rte", "mrpc"]));

Deno.test("a list with an empty item is refused, by its option", () => {
  for (const name of NAMES) {
    for (const value of ["1,,2", "1,2,", ",1", ",", " "]) {
      const options = readArguments([`--${name}`, value], { string: NAMES });
      const error = assertThrows(() => options.list(name), RequestError);
      assertEquals(error.message, `--${name}: expected an item before and after each comma, got "${value}".`);
      assertThrows(() => options.integers(name), RequestError, `--${name}: expected`);
    }
  }
});
