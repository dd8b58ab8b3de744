// Together: docs/settings.md and core/training/settings.ts.
import { assertEquals } from "@std/assert";
import type { z } from "zod";
import { markdownTable } from "../../core/report/markdown_table.ts";
import { trainingSchema } from "../../core/training/settings.ts";

/** The page, from the schema itself. */
function settingsPage(): string {
  const rows = Object.entries(trainingSchema.shape).map(([name, field]) => {
    const { description = "" } = field as z.ZodType;
    const value = trainingSchema.parse({})[name as keyof z.output<typeof trainingSchema>];
    return [`\`${name}\``, `\`${JSON.stringify(value)}\``, description];
  });
  return [
    "# Settings",
    "",
    "What an experiment states under `training`, for all methods or within one, and what `--set training.NAME=value` changes",
    "for all of them. Names are Transformers' where it has the same.",
    "",
    markdownTable([["name", "default", "what it is"], ...rows]),
    "",
    "Examples are truncated to `maxLength` tokens. Batches are padded to the next multiple of 8 tokens (up to 64) or 16, so",
    "that few shapes are compiled; the last batch of an epoch is padded with examples that do not count.",
    "",
  ].join("\n");
}

Deno.test("docs/settings.md matches the schema", async () => {
  const path = new URL("../../docs/settings.md", import.meta.url);
  assertEquals(await Deno.readTextFile(path), settingsPage());
});
