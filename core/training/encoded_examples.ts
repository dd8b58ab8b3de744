/**
 * Examples as token ids, made once: kept in this process, and on disk for the next.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { FileStore } from "../io/file_store.ts";
import type { EncodedExample, TokenIds } from "../model/batch.ts";
import { TokenTable } from "../model/token_table.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { Example } from "../task.ts";

/** How examples become token ids. */
export interface EncodeOptions {
  readonly tokenizer: Tokenizer;
  /** The most tokens of an example, special ones included. */
  readonly maxLength: number;
  /** Where token ids are kept, and what else they depend on: the tokenizer's files and code. @default not kept */
  readonly kept?: { readonly store: FileStore; readonly tokenizer: string } | undefined;
  /** Called from time to time; throws to end it there. */
  readonly throwIfInterrupted?: () => Promise<void>;
}

const PIECE = 1024; // examples between two calls of throwIfInterrupted, and hashed at once
const SAMPLE = 8; // examples that are tokenized again, to be compared with what was kept

/** Tokenizes labeled examples, unless this process or the store has their tokens. */
export function encode(examples: readonly Example[], options: EncodeOptions): Promise<readonly EncodedExample[]> {
  const { tokenizer, maxLength } = options;
  const bySet = encodings.getOrInsertComputed(tokenizer, () => new Map())
    .getOrInsertComputed(maxLength, () => new WeakMap());
  const encoded = bySet.get(examples) ??
    tableOf(examples, options).then((table) => examples.map((example, row) => new TableExample(table, row, example)));
  bySet.set(examples, encoded);
  encoded.catch(() => bySet.delete(examples));
  return encoded;
}

// Runs of one process often share their data.
const encodings = new WeakMap<
  Tokenizer,
  Map<number, WeakMap<readonly Example[], Promise<readonly EncodedExample[]>>>
>();

const [IDS, TYPES, TARGETS] = [0, 1, 2]; // columns of the table

/** An example whose tokens are views of a table's arrays. */
class TableExample implements EncodedExample {
  readonly index: number;
  readonly label: number;
  readonly targets?: readonly number[];

  constructor(readonly table: TokenTable, readonly row: number, { index, label, target }: Example) {
    [this.index, this.label] = [index, label!];
    if (target !== undefined) this.targets = [...table.list(row, TARGETS)];
  }

  get ids(): TokenIds {
    return this.table.list(this.row, IDS);
  }

  get tokenTypeIds(): TokenIds {
    return this.table.list(this.row, TYPES);
  }
}

async function tableOf(examples: readonly Example[], options: EncodeOptions): Promise<TokenTable> {
  const { kept } = options;
  if (!kept) return await tokenize(examples, options);
  const name = nameOf(examples, { maxLength: options.maxLength, tokenizer: kept.tokenizer });
  const bytes = await kept.store.read(name);
  const stored = bytes && TokenTable.fromBytes(bytes);
  if (stored && isCurrent(stored, { examples, options })) return stored;
  const table = await tokenize(examples, options);
  await kept.store.write(name, table.toBytes());
  return table;
}

// Whether the tokenizer still gives these tokens: its code may have changed.
function isCurrent(
  table: TokenTable,
  { examples, options }: { readonly examples: readonly Example[]; readonly options: EncodeOptions },
): boolean {
  const stride = Math.max(1, Math.floor(examples.length / SAMPLE));
  const sample = Array.from({ length: Math.min(SAMPLE, examples.length) }, (_, index) => index * stride);
  return sample.every((row) =>
    listsOf(examples[row]!, options).every((list, column) => [...table.list(row, column)].join() === list.join())
  );
}

// What a row of the table holds.
function listsOf({ texts, target }: Example, { tokenizer, maxLength }: EncodeOptions): readonly number[][] {
  const { ids, tokenTypeIds } = tokenizer.encode(texts, maxLength);
  return [ids, tokenTypeIds, target === undefined ? [] : tokenizer.encode([target], Infinity).ids];
}

async function tokenize(examples: readonly Example[], options: EncodeOptions): Promise<TokenTable> {
  const builder = TokenTable.builder(3);
  for (const [row, example] of examples.entries()) {
    if (row % PIECE === 0) await options.throwIfInterrupted?.();
    builder.add(listsOf(example, options));
  }
  return builder.build();
}

// A digest of all that decides the tokens.
function nameOf(
  examples: readonly Example[],
  about: { readonly maxLength: number; readonly tokenizer: string },
): string {
  const hash = createHash("sha256").update(JSON.stringify([about.tokenizer, about.maxLength]));
  for (let start = 0; start < examples.length; start += PIECE) {
    let piece = ""; // each text after its length, so that no two lists of texts are the same string
    for (const { texts, target } of examples.slice(start, start + PIECE)) {
      for (const text of texts) piece += `${text.length}:${text}`;
      piece += target === undefined ? ";" : `=${target.length}:${target};`;
    }
    hash.update(piece);
  }
  return hash.digest("hex");
}
