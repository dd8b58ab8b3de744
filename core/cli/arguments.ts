/**
 * Command-line arguments, checked.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { RequestError, unknownName } from "../errors.ts";

/** The options that a command takes. */
export interface OptionNames {
  /** Without a value. */
  readonly boolean?: readonly string[];
  /** With a value. */
  readonly string?: readonly string[];
  /** With a value, any number of times. */
  readonly collect?: readonly string[];
  /** How many other arguments it takes at most. @default Infinity */
  readonly words?: number;
}

/** The arguments of a command, by name. */
export interface Arguments {
  /** Arguments that are no options. */
  readonly words: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  all(name: string): readonly string[];
  /** Items between commas, none of them empty. */
  list(name: string): readonly string[] | undefined;
  /** Integers between commas, 0 or more. */
  integers(name: string): readonly number[] | undefined;
  /** An integer, 1 or more. */
  count(name: string): number | undefined;
  /** One of several values. */
  choice<T extends string>(name: string, values: readonly T[]): T | undefined;
}

/**
 * Reads arguments.
 *
 * @throws {RequestError} for an unknown option, with the nearest known name, for a missing or wrong value, and for arguments too
 * many
 */
export function readArguments(
  args: readonly string[],
  { boolean = [], string = [], collect = [], words = Infinity }: OptionNames,
): Arguments {
  const known = [...boolean, ...string, ...collect].map((name) => `--${name}`);
  const parsed = parseArgs([...args], {
    boolean: [...boolean],
    string: [...string, ...collect],
    collect: [...collect],
    unknown: (argument, key) => {
      if (key !== undefined) throw unknownName("option", argument.split("=")[0]!, known);
      return true;
    },
  }) as { readonly [name: string]: unknown; readonly _: readonly unknown[] };
  const surplus = parsed._.slice(words).map((word) => JSON.stringify(String(word)));
  if (surplus.length > 0) {
    const expected = words === 1 ? "1 argument that is no option" : `${words} arguments that are no options`;
    throw new RequestError(`Expected ${expected}, got also ${surplus.join(", ")}.`);
  }
  const text = (name: string) => {
    const value = parsed[name];
    if (value === undefined) return undefined;
    if (value === "" || typeof value !== "string") throw new RequestError(`--${name}: expected a value.`);
    return value;
  };
  const list = (name: string) => {
    const value = text(name), items = value?.split(",").map((item) => item.trim());
    if (!items?.includes("")) return items;
    throw new RequestError(`--${name}: expected an item before and after each comma, got "${value}".`);
  };
  const integer = (name: string, { text, least }: { readonly text: string; readonly least: number }) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new RequestError(`--${name}: expected an integer from ${least} to 2^53 - 1, got "${text}".`);
  };
  return {
    words: parsed._.map(String),
    flag: (name) => parsed[name] === true,
    text,
    all: (name) => parsed[name] as readonly string[],
    list,
    integers: (name) => list(name)?.map((text) => integer(name, { text, least: 0 })),
    count: (name) => {
      const value = text(name);
      return value === undefined ? undefined : integer(name, { text: value, least: 1 });
    },
    choice: (name, values) => {
      const value = text(name);
      const known = values.find((other) => other === value);
      if (value === undefined || known !== undefined) return known;
      throw new RequestError(`--${name}: expected ${values.join(" or ")}, got "${value}".`);
    },
  };
}
