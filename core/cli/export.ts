/**
 * `deno task export`: a run's merged model as a folder that Transformers loads.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { exists } from "../cache.ts";
import { RequestError } from "../errors.ts";
import { FILES, readResult } from "../experiment/results.ts";
import type { Parts } from "../parts.ts";
import { readArguments } from "./arguments.ts";
import { print } from "./output.ts";
import { runsFolder } from "./report.ts";
import { userFolder } from "./reproduce.ts";

/** Runs the command; gives its exit code. */
export async function exportModel(args: readonly string[], { root }: Parts): Promise<number> {
  const options = readArguments(args, { string: ["runs"] });
  const [run, target] = options.words;
  if (run === undefined || target === undefined) {
    throw new RequestError("deno task export RUN FOLDER: which run, and where to?");
  }
  const isFolder = run.includes("/") || run.startsWith(".");
  const folder = isFolder ? resolve(userFolder(), run) : `${runsFolder(options.text("runs"), root)}/${run}`;
  const result = await readResult(folder);
  if (!result) throw new RequestError(`There is no finished run at ${folder}.`);
  const model = `${folder}/${FILES.model}`;
  if (!await exists(`${model}/model.safetensors`)) {
    throw new RequestError(
      `The run ${result.id} kept no model (${result.diverged ? "it diverged" : "it was done without --keep-models"}).` +
        (result.diverged ? "" : " The same `deno task reproduce` with --keep-models does it again and keeps it."),
    );
  }
  const to = resolve(userFolder(), target);
  if (await exists(to)) throw new RequestError(`${to} exists already: name a folder that does not.`);
  await Deno.mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(temporary);
  for await (const { name } of Deno.readDir(model)) await Deno.copyFile(`${model}/${name}`, `${temporary}/${name}`);
  await Deno.rename(temporary, to);
  print(`${result.task}, ${result.method}, seed ${result.seed}: ${basename(to)} holds the merged model.`);
  return 0;
}
