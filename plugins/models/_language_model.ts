/**
 * What all kinds of language models share as plugins.
 *
 * @module
 */
import { type Architecture, type Head, type LanguageModel, refuseOtherOptions } from "@opf/framework";
import type { ConfigFile } from "./_config.ts";

/** Options of a language model. */
export interface LanguageModelOptions {
  /** Name on the hub, or a folder. */
  readonly source: string;
  /** Commit, tag or branch of the source. @default the one pinned by the source */
  readonly revision?: string;
  /** Keep only the first `layers` layers, in training and in the export. @default all */
  readonly layers?: number;
  /** What tables call it. @default its source, with the layers that are kept */
  readonly title?: string;
}

/**
 * A language model of this name and these options. The same config and head give the same architecture, so that what is
 * compiled for it is reused.
 */
export function languageModel(
  name: string,
  { source, revision, layers, title, build, tokenizer, answersInWords, ...rest }:
    & LanguageModelOptions
    & Pick<LanguageModel, "tokenizer" | "answersInWords">
    & {
      readonly build: (config: ConfigFile, head: Head) => Architecture;
    },
): LanguageModel {
  refuseOtherOptions(name, rest);
  return {
    name,
    options: { ...(layers !== undefined && { layers }) },
    source,
    ...(revision !== undefined && { revision }),
    title: title ?? (layers === undefined ? source : `${source} (${layers} layers)`),
    ...(tokenizer && { tokenizer }),
    ...(answersInWords && { answersInWords }),
    architecture: (config, head) =>
      architectures.getOrInsertComputed(JSON.stringify([name, config, layers, head]), () => build(config, head)),
  };
}

const architectures = new Map<string, Architecture>();
