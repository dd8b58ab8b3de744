/**
 * `deno task report`: the tables of an experiment from its results alone.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../errors.ts";
import { readAsked } from "../experiment/asked.ts";
import { readResult, type Result } from "../experiment/results.ts";
import { summary } from "../experiment/table.ts";
import type { Parts } from "../parts.ts";
import { readArguments } from "./arguments.ts";
import { print } from "./output.ts";
import { userFolder } from "./reproduce.ts";

/** Runs the command; gives its exit code. */
export async function report(args: readonly string[], { root }: Parts): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["runs"] });
  const [name] = options.words;
  if (name === undefined) throw new RequestError("deno task report EXPERIMENT: which experiment?");
  const folder = runsFolder(options.text("runs"), root);
  const asked = await readAsked(name, folder);
  if (!asked) {
    throw new RequestError(`There are no runs of "${name}" in ${folder}: deno task reproduce ${name} makes them.`);
  }
  const results = (await Promise.all(asked.runs.map(async ({ id, method }): Promise<Result[]> => {
    const result = await readResult(`${folder}/${id}`);
    return result ? [{ ...result, method }] : [];
  }))).flat();
  if (options.flag("json")) print(JSON.stringify({ experiment: name, results }));
  else {
    print(`${name}: ${results.length} of ${asked.runs.length} runs\n`);
    print(summary(results));
  }
  return 0;
}

/** The folder of runs that a person means. */
export const runsFolder = (given: string | undefined, root: URL): string =>
  given === undefined ? fileURLToPath(new URL("runs", root)) : resolve(userFolder(), given);
