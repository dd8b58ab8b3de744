/**
 * `deno task check-plugin`: whether a module's plugins keep their promises.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkModule } from "../check/module.ts";
import { type Backend, type Engine, useEngine } from "../backend/engine.ts";
import { messageOf, RequestError } from "../errors.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { print, say } from "./output.ts";
import { rerunOutside } from "./outside.ts";
import { userFolder } from "./paths.ts";

// Those that run on this machine; none is an error, what each says of it.
async function startPresent(backends: readonly Backend[]): Promise<Engine[]> {
  const started: Engine[] = [], problems: string[] = [];
  for (const backend of backends) {
    try {
      started.push(await backend.start({ note: say }));
    } catch (error) {
      problems.push(`${backend.name}: ${messageOf(error)}`);
    }
  }
  if (started.length === 0) throw new RequestError(problems.join("\n"));
  for (const problem of problems) say(`Not checked on ${problem}`);
  return started;
}

/** Runs the command; gives its exit code: 0 all kept, 1 a plugin was refused, 2 nothing to check. */
export async function checkPlugin(args: readonly string[], parts: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["backend"] });
  const [specifier] = options.words;
  if (specifier === undefined) throw new RequestError("deno task check-plugin MODULE: which module?");
  const url = /^(https?|file|jsr|npm):/.test(specifier)
    ? specifier
    : pathToFileURL(resolve(userFolder(), specifier)).href;
  const rerun = await rerunOutside(["check-plugin", ...args], { urls: [url], root: parts.root });
  if (rerun !== undefined) return rerun;
  const named = options.text("backend");
  const backends = named === undefined ? parts.backends : [backendNamed(named, parts)];
  let module: Record<string, unknown>;
  const started = await startPresent(backends);
  useEngine(started[0]!);
  try {
    module = await import(url);
  } catch (error) {
    throw new RequestError(`The module ${specifier} cannot be loaded: ${messageOf(error)}`);
  }
  const reports = [];
  for (const engine of started) {
    useEngine(engine);
    reports.push({ backend: engine.name, ...await checkModule(module) });
  }
  const results = reports.flatMap(({ backend, results }) => results.map((result) => ({ backend, ...result })));
  const skipped = reports[0]!.skipped;
  const refused = [...new Set(results.filter(({ problem }) => problem).map((result) => result.export))];
  if (options.flag("json")) print(JSON.stringify({ module: specifier, results, skipped, refused }));
  else {
    for (const name of new Set(results.map((result) => result.export))) {
      const own = results.filter((result) => result.export === name);
      const wrong = own.filter(({ problem }) => problem);
      print(
        `${wrong.length > 0 ? "REFUSED" : "ok     "} ${name} (${own[0]!.kind}): ${
          own.length - wrong.length
        } of ${own.length} checks`,
      );
      for (const { check, problem, backend } of wrong) print(`          ${check}, on ${backend}: ${problem}`);
    }
    for (const { export: name, why } of skipped) print(`skipped ${name}: ${why}`);
  }
  if (results.length === 0) {
    say(`${specifier}: nothing to check. Export a plugin, a function that gives one, or \`examples\`, a list of them.`);
    return 2;
  }
  return refused.length > 0 ? 1 : 0;
}
