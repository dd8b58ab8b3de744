/**
 * `deno task check-plugin`: whether the plugins of a module keep the contracts of their kinds.
 *
 * @module
 */
import { type Backend, type Engine, useEngine } from "../backend/engine.ts";
import { checkModule } from "../check/module.ts";
import { messageOf, RequestError } from "../errors.ts";
import { importModule, moduleUrl } from "../experiment/module.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { loadExternally } from "./load_externally.ts";
import { print, printError } from "./output.ts";
import { userFolder } from "./paths.ts";

type Report = Awaited<ReturnType<typeof checkModule>>;
type BackendResult = Report["results"][number] & { readonly backend: string };

export const CHECK_PLUGIN_USAGE = `deno task check-plugin MODULE [options]
  checks that the plugins of a module keep the contracts of their kinds
  MODULE           the path or URL of a file
  --backend NAME   check with this backend alone (all that run here)
  --json           one JSON document on standard output`;

/** Runs the command; returns its exit code: 0 all contracts kept, 1 a plugin was refused, 2 nothing to check. */
export async function checkPlugin(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["backend"], words: 1 });
  const [specifier] = options.words;
  if (specifier === undefined) throw new RequestError("deno task check-plugin MODULE: expected a module.");
  const url = await moduleUrl(specifier, { cwd: userFolder(), what: "plugin" });
  const loaded = await loadExternally(["check-plugin", ...args], { urls: [url], root: registry.root });
  if ("code" in loaded) return loaded.code;
  const name = options.text("backend");
  const engines = await startAvailable(name === undefined ? registry.backends : [backendNamed(name, registry)]);
  useEngine(engines[0]!);
  const module = await importModule(url);
  const results: BackendResult[] = [];
  let skipped: Report["skipped"] = [];
  for (const engine of engines) {
    useEngine(engine);
    const report = await checkModule(module);
    results.push(...report.results.map((result) => ({ backend: engine.name, ...result })));
    skipped = report.skipped;
  }
  const refused = [...new Set(results.filter(({ problem }) => problem).map((result) => result.export))];
  if (options.flag("json")) print(JSON.stringify({ module: specifier, results, skipped, refused }));
  else printResults(results, skipped);
  if (results.length === 0) {
    printError(
      `${specifier}: nothing to check. Export a decomposition, policy or score, a function that returns one, or ` +
        "`examples`, a list of them.",
    );
    return 2;
  }
  return refused.length > 0 ? 1 : 0;
}

// The engines that run on this machine; it is an error if there is none.
async function startAvailable(backends: readonly Backend[]): Promise<Engine[]> {
  const engines: Engine[] = [], problems: string[] = [];
  for (const backend of backends) {
    try {
      engines.push(await backend.start({ note: printError }));
    } catch (error) {
      problems.push(`${backend.name}: ${messageOf(error)}`);
    }
  }
  if (engines.length === 0) throw new RequestError(problems.join("\n"));
  for (const problem of problems) printError(`Not checked on ${problem}`);
  return engines;
}

function printResults(results: readonly BackendResult[], skipped: Report["skipped"]): void {
  for (const [name, checks] of Map.groupBy(results, (result) => result.export)) {
    const failed = checks.filter(({ problem }) => problem);
    const verdict = failed.length > 0 ? "REFUSED" : "ok     ";
    print(`${verdict} ${name} (${checks[0]!.kind}): ${checks.length - failed.length} of ${checks.length} checks`);
    for (const line of problemLines(failed)) print(`          ${line}`);
  }
  for (const { export: name, why } of skipped) print(`skipped ${name}: ${why}`);
}

// Problems that are the same on several backends, and then on several matrices, share a line.
function problemLines(failed: readonly BackendResult[]): string[] {
  const byBackend = [...Map.groupBy(failed, ({ check, problem }) => JSON.stringify([check, problem])).values()].map(
    (group) => {
      const { check, problem } = group[0]!;
      const [, name, matrix] = /^(.*?)(?: \((.*)\))?$/s.exec(check)!;
      return { name, matrix, rest: `on ${group.map(({ backend }) => backend).join(", ")}: ${problem}` };
    },
  );
  return [...Map.groupBy(byBackend, ({ name, rest }) => JSON.stringify([name, rest])).values()].map((group) => {
    const { name, rest } = group[0]!;
    const matrices = group.flatMap(({ matrix }) => matrix ?? []);
    return `${name}${matrices.length > 0 ? ` (${matrices.join("; ")})` : ""}, ${rest}`;
  });
}
