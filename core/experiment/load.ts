/**
 * Finding an experiment's file.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, RequestError, unknownName } from "../errors.ts";
import type { Experiment } from "./define.ts";

/** Names of the experiments under a folder: `paper/table1` for `paper/table1.ts`, dashes for underscores. */
export async function experimentNames(folder: URL): Promise<string[]> {
  const names: string[] = [];
  const visit = async (at: URL, prefix: string) => {
    for await (const { name, isDirectory } of Deno.readDir(at)) {
      if (isDirectory) await visit(new URL(`${name}/`, at), `${prefix}${name}/`);
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
  if (/^(https?|file|jsr|npm):/.test(name)) return name;
  const names = await experimentNames(experiments);
  if (names.includes(name)) return new URL(`${name.replaceAll("-", "_")}.ts`, experiments).href;
  if (!/\.[cm]?[jt]s$/.test(name)) throw unknownName("experiment", name, names);
  const url = pathToFileURL(resolve(cwd, name));
  try {
    await Deno.stat(url);
  } catch {
    throw new RequestError(`There is no experiment file ${name} in ${cwd}.`);
  }
  return url.href;
}

/** The other way round: the name of an experiment under the folder, else its URL. */
export function experimentName(url: string, folder: URL): string {
  if (!url.startsWith(folder.href)) return url;
  return decodeURIComponent(url.slice(folder.href.length)).replace(/\.ts$/, "").replaceAll("_", "-");
}

/** The experiment that a module declares as its default export. */
export async function loadExperiment(url: string): Promise<Experiment> {
  let module: { default?: Experiment };
  try {
    module = await import(url);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`The experiment ${url} cannot be loaded: ${messageOf(error)}`);
  }
  const experiment = module.default;
  if (typeof experiment !== "object" || typeof experiment?.methods !== "function") {
    throw new RequestError(`${url} declares no experiment: wanted \`export default defineExperiment({ … })\`.`);
  }
  return experiment;
}
