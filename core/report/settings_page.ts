/**
 * The table of defaults as a page of the documentation.
 *
 * @module
 */
import type { z } from "zod";
import { trainingSchema } from "../training/settings.ts";
import { markdownTable } from "./markdown_table.ts";

/** `docs/settings.md`, from the schema itself. */
export function settingsPage(): string {
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
