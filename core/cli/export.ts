/**
 * `deno task export`: a run's merged model as a folder that Transformers loads, or what it says of GLUE's test sets.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { exists } from "../io/cache.ts";
import { useEngine } from "../backend/engine.ts";
import { RequestError } from "../errors.ts";
import { FILES, readResult, type Result, writeTextAtomic } from "../results/result.ts";
import { testPredictions, testSets } from "../run/test_submission.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { print, say } from "./output.ts";
import { runsFolder } from "./report.ts";
import { userFolder } from "./paths.ts";

/** Runs the command; gives its exit code. */
export async function exportModel(args: readonly string[], parts: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["test-predictions"], string: ["runs", "data"] });
  const [run, target] = options.words;
  if (run === undefined || target === undefined) {
    throw new RequestError(
      "deno task export RUN FOLDER [--test-predictions [--data FOLDER]]: which run, and where to?",
    );
  }
  const isFolder = run.includes("/") || run.startsWith(".");
  const folder = isFolder ? resolve(userFolder(), run) : `${runsFolder(options.text("runs"), parts.root)}/${run}`;
  const result = await readResult(folder, basename(folder));
  if (!result) throw new RequestError(`There is no finished run at ${folder}.`);
  const model = `${folder}/${FILES.model}`;
  if (!await exists(`${model}/model.safetensors`)) {
    throw new RequestError(
      `The run ${result.id} kept no model (${result.diverged ? "it diverged" : "it was done without --keep-models"}).` +
        (result.diverged ? "" : " The same `deno task reproduce` with --keep-models does it again and keeps it."),
    );
  }
  const to = resolve(userFolder(), target);
  if (options.flag("test-predictions")) {
    const data = options.text("data");
    const where = { model, to, ...(data !== undefined && { data: resolve(userFolder(), data) }) };
    return await writeTestPredictions(result, where, parts);
  }
  if (await exists(to)) throw new RequestError(`${to} exists already: name a folder that does not.`);
  await Deno.mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(temporary);
  for await (const { name } of Deno.readDir(model)) await Deno.copyFile(`${model}/${name}`, `${temporary}/${name}`);
  await Deno.rename(temporary, to);
  print(`${result.task}, ${result.method}, seed ${result.seed}: ${basename(to)} holds the merged model.`);
  return 0;
}

// Several runs write into one folder: what GLUE's server takes is all files together.
async function writeTestPredictions(
  result: Result,
  { model, to, data }: { readonly model: string; readonly to: string; readonly data?: string },
  parts: Registry,
): Promise<number> {
  const sets = await testSets(result, { parts, ...(data !== undefined && { data }) });
  for (const { file } of sets) {
    if (await exists(join(to, file))) throw new RequestError(`${join(to, file)} exists already.`);
  }
  useEngine(await backendNamed(undefined, parts).start({ note: say }));
  const submissions = await testPredictions(result, sets, { model, parts });
  await Deno.mkdir(to, { recursive: true });
  for (const { file, text } of submissions) await writeTextAtomic(join(to, file), text);
  const names = submissions.map(({ file }) => file).join(" and ");
  print(`${result.task}, ${result.method}, seed ${result.seed}: ${basename(to)} holds ${names}.`);
  return 0;
}
