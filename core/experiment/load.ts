/**
 * Finding and importing an experiment's file.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import { defineExperiment, type Experiment, type ExperimentDefinition } from "./define.ts";
import { importModule, isModulePath, isModuleUrl, moduleUrl } from "./module.ts";

/** Names of the experiments under a folder: `paper/table1-bert-base` for `paper/table1_bert_base.ts`. */
export async function experimentNames(folder: URL): Promise<string[]> {
  const names: string[] = [];
  const visit = async (folder: URL, prefix: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await visit(new URL(`${name}/`, folder), `${prefix}${name}/`);
      else if (name.endsWith(".ts") && !name.startsWith("_")) {
        names.push(prefix + name.slice(0, -3).replaceAll("_", "-"));
      }
    }
  };
  await visit(folder, "");
  return names.sort();
}

/** The URL of an experiment: a name under `experiments/`, the path of a file from `cwd`, or a URL. */
export async function experimentUrl(
  name: string,
  { experiments, cwd }: { experiments: URL; cwd: string },
): Promise<string> {
  if (isModuleUrl(name)) return name;
  const names = await experimentNames(experiments);
  if (names.includes(name)) return new URL(`${name.replaceAll("-", "_")}.ts`, experiments).href;
  if (!isModulePath(name)) throw unknownName("experiment", name, names);
  return await moduleUrl(name, { cwd, what: "experiment" });
}

/** The name of an experiment under `experiments/`, else its URL: what {@linkcode experimentUrl} takes. */
export function experimentName(url: string, folder: URL): string {
  if (!url.startsWith(folder.href)) return url;
  return decodeURIComponent(url.slice(folder.href.length)).replace(/\.ts$/, "").replaceAll("_", "-");
}

/**
 * Imports a module and returns the experiment that it declares as its default export, checked again.
 *
 * @throws {RequestError} if it cannot be loaded or declares none
 */
export async function loadExperiment(url: string): Promise<Experiment> {
  const { default: experiment } = await importModule(url) as { default?: ExperimentDefinition };
  if (typeof experiment !== "object" || experiment === null || !("methods" in experiment)) {
    throw new RequestError(`${url} declares no experiment: expected \`export default defineExperiment({ … })\`.`);
  }
  return defineExperiment(experiment);
}
