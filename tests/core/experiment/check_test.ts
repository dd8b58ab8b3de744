import { RequestError } from "@opf/framework";
import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { check } from "../../../core/experiment/check.ts";

const schema = z.strictObject({
  epochs: z.int().min(1),
  split: z.enum(["dev", "held-out"]),
  train: z.union([z.literal("all"), z.array(z.string())]),
});
const RIGHT = { epochs: 1, split: "dev", train: "all" };

Deno.test("a wrong value is reported by its path, what is expected there and what it is", () => {
  const problems: readonly (readonly [change: object, problem: string])[] = [
    [{ epochs: 0 }, "epochs: expected number to be >=1, got 0"],
    [{ epochs: "three" }, 'epochs: expected number, got "three"'],
    [{ split: "test" }, 'split: expected "dev" or "held-out", got "test"'],
    [{ train: 3 }, 'train: expected "all" or array, got 3'],
    [{ train: ["a", 3] }, "train.1: expected string, got 3"],
    [{ "line\nbreak": 1 }, 'Unrecognized key: "line\\nbreak"'],
  ];
  for (const [change, problem] of problems) {
    const { message } = assertThrows(() => check(schema, { ...RIGHT, ...change }, "mine"), RequestError);
    assertEquals(message, `mine: ${problem}.`);
  }
  assertEquals(check(schema, RIGHT, "mine"), RIGHT as never);
});
