/**
 * The examples of a run as token ids.
 *
 * @module
 */
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { cacheFolder } from "../io/cache.ts";
import { FileStore } from "../io/file_store.ts";
import type { EncodedExample } from "../model/batch.ts";
import { checkTokenIds } from "../model/tokenizer_fit.ts";
import { digest, RESULTS_VERSION } from "../results/result.ts";
import type { Example } from "../task.ts";
import type { ExampleSets } from "../training/data_split.ts";
import { encode } from "../training/encoded_examples.ts";
import type { ResolvedRun } from "./resolve.ts";

/** What a run trains on and is evaluated on. */
export interface EncodedSets extends ExampleSets<EncodedExample> {
  /** More dev sets, by name. */
  readonly additionalDev: { readonly [name: string]: readonly EncodedExample[] };
}

/** Options of {@linkcode encodeSets}. */
export interface EncodeSetsOptions {
  /** Where token ids are kept. @default nowhere */
  readonly store?: FileStore | undefined;
  /** Called from time to time; throws to end it there. */
  readonly pause: () => Promise<void>;
}

/**
 * Tokenizes the examples of a run, unless an earlier run did.
 *
 * @throws {RequestError} for an example with a token that the model has no embedding for
 */
export async function encodeSets(run: ResolvedRun, { store, pause }: EncodeSetsOptions): Promise<EncodedSets> {
  const { tokenizer, plugin, spec: { training: { maxLength } }, examples: { train, dev, heldOut } } = run;
  // The same files mean other tokens to another class, and to other versions of its code.
  const identity = await digest([RESULTS_VERSION, plugin.name, plugin.options, run.digests.tokenizer]);
  const kept = store && { store, tokenizer: identity };
  const encoded = async (set: string, examples: readonly Example[]) => {
    const tokens = await encode(examples, { tokenizer, maxLength, kept, throwIfInterrupted: pause });
    checkTokenIds(tokens, { architecture: run.architecture, tokenizer, set: `${run.spec.task.name}, ${set}` });
    return tokens;
  };
  const additionalDev: Record<string, readonly EncodedExample[]> = {};
  for (const [name, examples] of Object.entries(run.additionalDev)) additionalDev[name] = await encoded(name, examples);
  return {
    train: await encoded("train", train),
    dev: await encoded("dev", dev),
    ...(heldOut && { heldOut: await encoded("held-out", heldOut) }),
    additionalDev,
  };
}

const MAX_BYTES = 4e9; // MNLI with BERT's tokenizer takes 50 MB

/** The store of token ids in the user's cache; `undefined` where there is no cache. */
export function tokenStore(note: (message: string) => void): FileStore | undefined {
  try {
    return new FileStore(join(cacheFolder(), "tokenized"), { maxBytes: MAX_BYTES, note });
  } catch (error) {
    note(`Tokenized data are not kept for later runs: ${messageOf(error)}`);
  }
}
