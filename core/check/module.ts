/**
 * Checks the plugins that a module exports.
 *
 * @module
 */
import type { Decomposition } from "../decomposition.ts";
import { messageOf } from "../errors.ts";
import type { ImportanceScore } from "../importance_score.ts";
import type { SelectionPolicy } from "../selection_policy.ts";
import { decompositionChecks } from "./decomposition.ts";
import { policyChecks, scoreChecks } from "./policy.ts";

/** The result of one check of one export. */
export interface CheckResult {
  readonly export: string;
  readonly kind: PluginKind;
  readonly check: string;
  /** What is wrong; absent if the check passed. */
  readonly problem?: string;
}

/** The results for a module. */
export interface ModuleReport {
  readonly results: readonly CheckResult[];
  /** Exports that could not be checked, and why. */
  readonly skipped: readonly { readonly export: string; readonly why: string }[];
}

type PluginKind = "decomposition" | "policy" | "score";
type Check = [name: string, check: () => void | Promise<void>];

const KINDS: Readonly<Record<PluginKind, { readonly method: string; checks(value: never): Check[] }>> = {
  decomposition: { method: "plan", checks: (value: Decomposition) => decompositionChecks(value) },
  policy: { method: "select", checks: (value: SelectionPolicy) => policyChecks(value) },
  score: { method: "score", checks: (value: ImportanceScore) => scoreChecks(value) },
};

function kindOf(value: unknown): PluginKind | undefined {
  if (typeof value !== "object" || value === null || typeof (value as { name?: unknown }).name !== "string") {
    return undefined;
  }
  const has = (method: string) => typeof (value as Record<string, unknown>)[method] === "function";
  return (Object.keys(KINDS) as PluginKind[]).find((kind) => has(KINDS[kind].method));
}

/**
 * Checks each export that is a decomposition, a policy or a score, or a function that gives one when it is called without
 * arguments, and each of the export `examples`, a list of such values.
 */
export async function checkModule(module: Readonly<Record<string, unknown>>): Promise<ModuleReport> {
  const values: [string, unknown][] = [];
  const skipped: { export: string; why: string }[] = [];
  const { examples, ...rest } = module;
  const covered = new Set<string>();
  if (Array.isArray(examples)) {
    examples.forEach((value, index) => {
      values.push([`examples[${index}]`, value]);
      if (kindOf(value)) covered.add((value as { name: string }).name);
    });
  }
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value !== "function") {
      if (kindOf(value)) values.push([name, value]);
      continue;
    }
    try {
      const plugin = value();
      if (kindOf(plugin)) values.push([`${name}()`, plugin]);
    } catch (error) {
      if (!Array.isArray(examples)) {
        skipped.push({ export: name, why: `it throws when called without arguments: ${messageOf(error)}` });
      }
    }
  }
  const results: CheckResult[] = [];
  for (const [name, value] of values) {
    const kind = kindOf(value);
    if (!kind) {
      skipped.push({ export: name, why: "it is not a decomposition, policy or score" });
      continue;
    }
    for (const [check, run] of KINDS[kind].checks(value as never)) {
      try {
        await run();
        results.push({ export: name, kind, check });
      } catch (error) {
        results.push({ export: name, kind, check, problem: messageOf(error) });
      }
    }
  }
  return { results, skipped };
}
