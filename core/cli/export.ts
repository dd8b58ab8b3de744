/**
 * `deno task export`: a run's merged model as a folder that Transformers loads, or its predictions on GLUE's test sets.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { exists } from "../io/cache.ts";
import { useEngine } from "../backend/engine.ts";
import { RequestError } from "../errors.ts";
import { FILES, readResult, type Result, writeTextAtomic } from "../results/result.ts";
import { testPredictions, testSets } from "../run/test_submission.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { print, printError } from "./output.ts";
import { runsFolder, userPath } from "./paths.ts";

export const EXPORT_USAGE = `deno task export RUN FOLDER [options]
  writes the merged model of a run that was done with --keep-models, as a new folder for Transformers
  RUN                  its id, or the path of its folder
  --test-predictions   write the files that GLUE's server takes instead, into a folder of several runs
  --data FOLDER        GLUE data with test sets, a folder per task (the hub's)
  --runs FOLDER        where runs are kept (runs)`;

/** Runs the command; returns its exit code. */
export async function exportModel(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["test-predictions"], string: ["runs", "data"], words: 2 });
  const [run, target] = options.words;
  if (run === undefined || target === undefined) {
    throw new RequestError("deno task export RUN FOLDER: expected a run and a folder.");
  }
  const isFolder = run.includes("/") || run.startsWith(".");
  const folder = isFolder ? userPath(run) : `${runsFolder(options.text("runs"), registry)}/${run}`;
  const result = await readResult(folder, basename(folder));
  if (!result) throw new RequestError(`No finished run in ${folder}.`);
  const model = `${folder}/${FILES.model}`;
  if (!await exists(`${model}/model.safetensors`)) {
    throw new RequestError(
      `The run ${result.id} kept no model (${result.diverged ? "it diverged" : "it was done without --keep-models"}).` +
        (result.diverged ? "" : " The same `deno task reproduce` with --keep-models repeats it and keeps the model."),
    );
  }
  const to = userPath(target);
  if (options.flag("test-predictions")) {
    const data = options.text("data");
    const where = { model, to, ...(data !== undefined && { data: userPath(data) }) };
    return await writeTestPredictions(result, where, registry);
  }
  if (await exists(to)) throw new RequestError(`${to} exists already: expected a new folder.`);
  await Deno.mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${crypto.randomUUID()}.tmp`;
  await Deno.mkdir(temporary);
  for await (const { name } of Deno.readDir(model)) await Deno.copyFile(`${model}/${name}`, `${temporary}/${name}`);
  await Deno.rename(temporary, to);
  print(`${result.task}, ${result.method}, seed ${result.seed}: ${basename(to)} holds the merged model.`);
  return 0;
}

// Several runs write to one folder: GLUE's server takes all files together.
async function writeTestPredictions(
  result: Result,
  { model, to, data }: { readonly model: string; readonly to: string; readonly data?: string },
  registry: Registry,
): Promise<number> {
  const sets = await testSets(result, { parts: registry, ...(data !== undefined && { data }) });
  for (const { file } of sets) {
    if (await exists(join(to, file))) throw new RequestError(`${join(to, file)} exists already.`);
  }
  useEngine(await backendNamed(undefined, registry).start({ note: printError }));
  const submissions = await testPredictions(result, sets, { model, parts: registry });
  await Deno.mkdir(to, { recursive: true });
  for (const { file, text } of submissions) await writeTextAtomic(join(to, file), text);
  const names = submissions.map(({ file }) => file).join(" and ");
  print(`${result.task}, ${result.method}, seed ${result.seed}: ${basename(to)} holds ${names}.`);
  for (const { file, unlabeled } of submissions.filter(({ unlabeled }) => unlabeled > 0)) {
    print(
      `${file}: ${unlabeled} of the generated texts are no label, and stand as the first class or the lowest score.`,
    );
  }
  return 0;
}
