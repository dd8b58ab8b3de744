/**
 * Arguments of commands, checked.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { RequestError, unknownName } from "../errors.ts";

/** The options that a command knows. */
export interface OptionNames {
  /** Take no value. */
  readonly boolean?: readonly string[];
  /** Take a value. */
  readonly string?: readonly string[];
  /** Take a value and may come several times. */
  readonly collect?: readonly string[];
}

/** Arguments by name. */
export interface Arguments {
  readonly words: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  all(name: string): readonly string[];
  /** Comma-separated. */
  list(name: string): readonly string[] | undefined;
  /** A whole number, 1 or more. */
  count(name: string): number | undefined;
}

/** Reads arguments; an unknown option is an error with the nearest known name, a missing value one too. */
export function readArguments(
  args: readonly string[],
  { boolean = [], string = [], collect = [] }: OptionNames,
): Arguments {
  const known = [...boolean, ...string, ...collect].map((name) => `--${name}`);
  const found = parseArgs([...args], {
    boolean: [...boolean],
    string: [...string, ...collect],
    collect: [...collect],
    unknown: (argument, key) => {
      if (key !== undefined) throw unknownName("option", argument.split("=")[0]!, known);
      return true;
    },
  }) as { [name: string]: unknown; _: unknown[] };
  const text = (name: string) => {
    const value = found[name];
    if (value === undefined) return undefined;
    if (value === "" || typeof value !== "string") throw new RequestError(`--${name} wants a value.`);
    return value;
  };
  return {
    words: found._.map(String),
    flag: (name) => found[name] === true,
    text,
    all: (name) => found[name] as string[],
    list: (name) => text(name)?.split(",").map((part) => part.trim()).filter((part) => part !== ""),
    count: (name) => {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^[1-9]\d*$/.test(value)) {
        throw new RequestError(`--${name} wants a whole number, 1 or more, found "${value}".`);
      }
      return Number(value);
    },
  };
}
