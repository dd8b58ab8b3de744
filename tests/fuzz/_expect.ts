/**
 * What a reader is compared with: the file itself, read by other means.
 *
 * @module
 */
import { Contradiction } from "./_fuzz.ts";
import type { SeedFile } from "./_mutate.ts";

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A file of JSON. */
export const jsonFile = (name: string, value: unknown, jsonOnly = false): SeedFile => ({
  name,
  bytes: encode(JSON.stringify(value)),
  json: { read: decode, write: encode },
  jsonOnly,
});

export function expectSame(what: string, read: unknown, held: unknown): void {
  if (Object.is(read, held)) return;
  throw new Contradiction(`${what}: read ${Deno.inspect(read)}, the file holds ${Deno.inspect(held)}`);
}

/** All that was read stands in the file; JSON's null may be read as NaN, and some fields have defaults. */
export function expectHeld(read: unknown, held: unknown, place = ""): void {
  if (typeof read !== "object" || read === null) {
    if (!(Number.isNaN(read) && held === null)) expectSame(place, read, held);
    return;
  }
  if (place === "") JSON.stringify(read); // can be written again
  for (const [key, value] of Object.entries(read)) {
    if (value === undefined || (["resultsVersion", "notes"].includes(key) && !Object.hasOwn(held as object, key))) {
      continue;
    }
    expectHeld(value, (held as { [key: string]: unknown } | undefined)?.[key], `${place}.${key}`);
  }
  if (Array.isArray(read)) expectSame(`${place}.length`, read.length, (held as unknown[]).length);
}

/** A JSON text that was read has each key of an object once. */
export function expectKeysOnce(text: string): void {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gs) ?? [];
  const open: string[][] = [];
  tokens.forEach((token, index) => {
    if (token === "{" || token === "[") open.push([]);
    else if (token === "}" || token === "]") expectDistinct("keys", open.pop() ?? []);
    else if (token !== ":" && tokens[index + 1] === ":") open.at(-1)?.push(JSON.parse(token));
  });
}

export const expectDistinct = (what: string, values: readonly unknown[]): void =>
  expectSame(`distinct ${what}`, new Set(values).size, values.length);
