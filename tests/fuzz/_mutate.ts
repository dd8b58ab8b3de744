/**
 * Mutations of files: bytes, and the values of JSON that a file holds. The same seed makes the same mutation.
 *
 * @module
 */
import { RandomKey } from "@opf/framework";

/** A valid file, and where its JSON is, if it has any. */
export interface SeedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file as JSON text, and the file of a JSON text. */
  readonly json?: { read(bytes: Uint8Array): string; write(text: string): Uint8Array<ArrayBuffer> };
  /** Only values of its JSON are mutated. */
  readonly jsonOnly?: boolean;
}

/** Numbers drawn one after the other. */
export class Draws {
  readonly #key: RandomKey;
  #block = 0;
  #words: Uint32Array = new Uint32Array(0);
  #used = 0;

  constructor(key: RandomKey) {
    this.#key = key;
  }

  /** An integer from 0 to `limit` − 1. */
  below(limit: number): number {
    if (this.#used === this.#words.length) {
      this.#words = this.#key.bits(64, this.#block++);
      this.#used = 0;
    }
    return this.#words[this.#used++]! % Math.max(1, limit);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

// Written into JSON as strings, and replaced in its text: JSON.stringify cannot write them.
const MARKS: Readonly<Record<string, string>> = {
  "@NaN": "NaN",
  "@huge": "1e999",
  "@long": "1".repeat(400),
  "@half": "1.0000000000000000001",
  "@deep": "[".repeat(300) + "]".repeat(300),
  "@deeper": '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000),
};
const NUMBERS = [-1, 0, 1, 5.5, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -0.5, null, "@NaN", "@huge", "@long", "@half"];
const TEXTS = [
  "",
  "7",
  "a",
  "é\u0301",
  "\ud800",
  "\u0000",
  "a\nb",
  "__proto__",
  "constructor",
  "../x",
  "[UNK]",
  "F64",
  "<b>",
];
const VALUES = [...NUMBERS, ...TEXTS, true, false, [], {}, [[]], [null], { a: 1 }, "@deep", "@deeper"];

/** A mutation of a file: one to three changes. */
export function mutate({ bytes, json, jsonOnly }: SeedFile, draws: Draws): Uint8Array<ArrayBuffer> {
  let mutated = bytes;
  for (let count = 1 + draws.below(3); count > 0; count--) {
    const isJson = json && (jsonOnly || draws.below(2) === 0);
    mutated = isJson
      ? mutateJson(mutated, { json, draws })
      : draws.below(6) === 0
      ? mutateNumber(mutated, draws)
      : mutateBytes(mutated, draws);
  }
  return mutated;
}

function mutateBytes(bytes: Uint8Array<ArrayBuffer>, draws: Draws): Uint8Array<ArrayBuffer> {
  const at = draws.below(bytes.length), length = Math.min(bytes.length - at, 1 + draws.below(draws.of([1, 8, 64])));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + length)];
  const part = bytes.subarray(at, at + length);
  switch (draws.below(7)) {
    case 0: {
      const copy = bytes.slice();
      if (copy.length > 0) copy[at]! ^= 1 << draws.below(8);
      return copy;
    }
    case 1:
      return joined([before, after]);
    case 2:
      return joined([before, Uint8Array.from(part, () => draws.below(256)), part, after]);
    case 3:
      return joined([before, part, part, after]);
    case 4:
      return bytes.slice(0, at);
    case 5:
      return joined([before, Uint8Array.from(part, () => draws.of([0, 255, 127, 128])), after]);
    default: { // a part from elsewhere
      const from = draws.below(bytes.length);
      return joined([before, bytes.subarray(from, from + length), after]);
    }
  }
}

// Swaps a number that stands in the file as text.
function mutateNumber(bytes: Uint8Array<ArrayBuffer>, draws: Draws): Uint8Array<ArrayBuffer> {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const numbers = [...text.matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)];
  if (numbers.length === 0) return mutateBytes(bytes, draws);
  const number = draws.of(numbers);
  const other = String(draws.of(NUMBERS));
  const swapped = text.slice(0, number.index) + (MARKS[other] ?? other) + text.slice(number.index + number[0].length);
  return Uint8Array.from(swapped, (character) => character.charCodeAt(0));
}

type Tree = { [key: string]: unknown };

function mutateJson(
  bytes: Uint8Array<ArrayBuffer>,
  { json, draws }: { readonly json: NonNullable<SeedFile["json"]>; readonly draws: Draws },
): Uint8Array<ArrayBuffer> {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(json.read(bytes)) };
    JSON.stringify(root);
  } catch { // an earlier change made it no JSON, or too deep to be changed again
    return mutateBytes(bytes, draws);
  }
  const nodes: { parent: Tree; key: string }[] = [];
  const visit = (parent: Tree, depth = 0) => {
    for (const [key, value] of Object.entries(parent)) {
      nodes.push({ parent, key });
      if (typeof value === "object" && value !== null && depth < 50) visit(value as Tree, depth + 1);
    }
  };
  visit(root);
  const { parent, key } = draws.of(nodes);
  const set = (name: string, value: unknown) =>
    Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
  switch (draws.below(6)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1: // once more
      if (Array.isArray(parent)) parent.splice(Number(key), 0, parent[Number(key)]);
      else set(draws.of(TEXTS), parent[key]);
      break;
    case 2: {
      const other = draws.of(nodes);
      const copy = JSON.stringify(other.parent[other.key]); // a value may be part of itself otherwise
      set(key, JSON.parse(copy ?? "null"));
      break;
    }
    case 3:
      set(key, typeof parent[key] === "number" ? draws.of(NUMBERS) : draws.of(TEXTS));
      break;
    default:
      set(key, draws.of(VALUES));
  }
  let text: string;
  try {
    text = JSON.stringify(root.value) ?? "";
  } catch {
    return bytes;
  }
  if (draws.below(8) === 0) text = withKeyTwice(text, draws);
  for (const [mark, replacement] of Object.entries(MARKS)) text = text.replaceAll(`"${mark}"`, () => replacement);
  return json.write(text);
}

// What JSON.stringify cannot write.
function withKeyTwice(text: string, draws: Draws): string {
  const keys = [...text.matchAll(/(?<=[{,])("(?:[^"\\]|\\.)*"):/g)];
  if (keys.length === 0) return text;
  const { index, 1: key } = draws.of(keys);
  return `${text.slice(0, index)}${key}:${draws.of(["null", "1", '"a"', "{}"])},${text.slice(index)}`;
}

/** Parts one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
