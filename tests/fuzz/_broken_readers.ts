/**
 * Readers with one fault each, which fuzzing must find.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import { basename } from "node:path";
import { decode, expectKeysOnce, expectSame, jsonFile } from "./_expect.ts";
import type { FileReader } from "./_fuzz.ts";

const seeds = [jsonFile("file.json", { a: [1, 2, 3], b: { c: "text" } })];

// What all of them do right, before their own fault.
function parse(path: string, bytes: Uint8Array) {
  try {
    const value = JSON.parse(decode(bytes));
    if (Array.isArray(value.a)) return value as { a: readonly unknown[]; b?: { c: string } };
  } catch { /* refused */ }
  throw new RequestError(`${path}: expected a list as "a".`);
}

const broken = (name: string, read: (path: string, bytes: Uint8Array) => unknown): FileReader => ({
  name,
  seeds,
  async read(path, bytes) {
    await read(path, bytes);
    return undefined;
  },
});

// One mutation of so many shows the fault.
const isRare = (bytes: Uint8Array, { of = 150 } = {}) => bytes.reduce((sum, byte) => sum + byte, 0) % of === 7;

const READERS: readonly FileReader[] = [
  broken("right", (path, bytes) => {
    parse(path, bytes);
    try {
      expectKeysOnce(decode(bytes));
    } catch {
      throw new RequestError(`${path}: expected every key once.`);
    }
  }),
  broken("raw error", (path, bytes) => parse(path, bytes).b!.c.length),
  broken("engine's words", (path, bytes) => {
    try {
      return parse(path, bytes).b!.c.length;
    } catch (error) {
      throw new RequestError(`${path}: ${(error as Error).message}.`);
    }
  }),
  broken("no name", (path, bytes) => {
    try {
      return parse(path, bytes);
    } catch {
      throw new RequestError("The file is damaged.");
    }
  }),
  broken("control character", (path) => {
    throw new RequestError(`${path}: got "a\nb".`);
  }),
  broken("long message", (path, bytes) => {
    throw new RequestError(`${path}: got ${decode(bytes).slice(0, 10).repeat(200)}.`);
  }),
  broken("wrong value", (path, bytes) => {
    const { a } = parse(path, bytes);
    expectSame("a.0", a.map(Math.abs as (value: unknown) => unknown)[0], a[0]);
  }),
  broken("key twice", (path, bytes) => {
    parse(path, bytes);
    expectKeysOnce(decode(bytes));
  }),
  broken("memory", (path, bytes) => {
    if (isRare(bytes, { of: 40 })) kept[0] = new Uint8Array(6e8).fill(1);
    throw new RequestError(`${basename(path)}: refused.`);
  }),
  broken("all memory", (path, bytes) => {
    while (isRare(bytes)) kept.push(new Uint8Array(1e8).fill(1));
    throw new RequestError(`${basename(path)}: refused.`);
  }),
  broken("hang", (path, bytes) => {
    while (isRare(bytes));
    throw new RequestError(`${basename(path)}: refused.`);
  }),
];

const kept: Uint8Array[] = [];

/** All of them. */
export const readers = (): Promise<readonly FileReader[]> => Promise.resolve(READERS);
