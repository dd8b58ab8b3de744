/**
 * `parseArgs` with the signature of `jsr:@std/cli`, over Node's own parser: only the options that this project uses.
 *
 * @module
 */
import { parseArgs as parse } from "node:util";

/** What {@linkcode parseArgs} is told. */
export interface ParseOptions {
  /** Names that take no value. `--no-NAME` says false where it is in `negatable`. */
  readonly boolean?: readonly string[];
  /** Names that take a value. */
  readonly string?: readonly string[];
  /** Names that may come several times: their values are an array, empty where they do not come. */
  readonly collect?: readonly string[];
  /** Values of names that do not come. */
  readonly default?: Readonly<Record<string, unknown>>;
  /** Another name, or other names, of a name. */
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Called for an argument that is not declared; false leaves it out. */
  readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** Options by name, and what is no option in `_`. */
export type Args = { [name: string]: unknown } & { _: string[] };

/** Parses command line arguments. */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const found: Args = { _: [], ...options.default };
  const aliases = new Map(
    Object.entries(options.alias ?? {}).flatMap(([name, others]) => [others].flat().map((other) => [other, name])),
  );
  for (const name of options.boolean ?? []) found[name] ??= false;
  for (const name of options.collect ?? []) found[name] ??= [];
  const declared = Object.fromEntries([
    ...(options.boolean ?? []).map((name) => [name, { type: "boolean" as const }]),
    ...(options.string ?? []).map((name) => [name, { type: "string" as const }]),
    ...[...aliases].map(([other, name]) => [other, { type: options.string?.includes(name) ? "string" : "boolean" }]),
  ]);
  const { tokens } = parse({ args: [...args], options: declared, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") found._.push(token.value);
    if (token.kind !== "option") continue;
    const name = aliases.get(token.name) ?? token.name;
    const isString = options.string?.includes(name), isBoolean = options.boolean?.includes(name);
    if (!isString && !isBoolean) {
      if (options.unknown?.(token.rawName, token.name, token.value) === false) continue;
    }
    const value = isString ? token.value ?? "" : token.value ?? true;
    if (options.collect?.includes(name)) (found[name] as unknown[]).push(value);
    else found[name] = value;
  }
  return found;
}
