/**
 * Normalizers of `tokenizer.json`: what is done to a text before it is split.
 *
 * @module
 */
import { z } from "zod";
import { MARK, trimEnd, trimStart } from "./characters.ts";
import { patternSchema, regExpOf } from "./patterns.ts";
import { precompiled } from "./precompiled.ts";

/** Changes a text. */
export type Normalizer = (text: string) => string;

const bare = <Type extends string>(type: Type) => z.strictObject({ type: z.literal(type) });

const simpleSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("BertNormalizer"),
    clean_text: z.boolean(),
    handle_chinese_chars: z.boolean(),
    strip_accents: z.boolean().nullable(),
    lowercase: z.boolean(),
  }),
  bare("Lowercase"),
  bare("NFC"),
  bare("NFD"),
  bare("NFKC"),
  bare("NFKD"),
  bare("StripAccents"),
  z.strictObject({ type: z.literal("Strip"), strip_left: z.boolean(), strip_right: z.boolean() }),
  z.strictObject({ type: z.literal("Prepend"), prepend: z.string().min(1) }),
  z.strictObject({ type: z.literal("Replace"), pattern: patternSchema, content: z.string() }),
  z.strictObject({ type: z.literal("Precompiled"), precompiled_charsmap: z.string() }),
]);
type Simple = z.output<typeof simpleSchema>;

/** A normalizer that was compared with the Rust library, or a sequence of them. */
export const normalizerSchema = z.discriminatedUnion("type", [
  ...simpleSchema.options,
  z.strictObject({ type: z.literal("Sequence"), normalizers: z.array(simpleSchema).max(32) }),
]);

/** The function that a normalizer's description means. */
export function normalizerOf(description: z.output<typeof normalizerSchema> | null): Normalizer {
  if (description === null) return (text) => text;
  if (description.type !== "Sequence") return simple(description);
  const steps = description.normalizers.map(simple);
  return (text) => steps.reduce((normalized, step) => step(normalized), text);
}

const MARKS = new RegExp(`[${MARK}]`, "gu");

function simple(description: Simple): Normalizer {
  switch (description.type) {
    case "BertNormalizer":
      return bertNormalizer(description);
    case "Lowercase":
      return lowercase;
    case "StripAccents":
      return (text) => text.replace(MARKS, "");
    case "Strip": {
      const { strip_left, strip_right } = description;
      return (text) => {
        const rest = strip_left ? trimStart(text) : text;
        return strip_right ? trimEnd(rest) : rest;
      };
    }
    case "Prepend":
      return (text) => text === "" ? "" : description.prepend + text;
    case "Replace": {
      const pattern = regExpOf(description.pattern);
      return (text) => text.replace(pattern, () => description.content);
    }
    case "Precompiled":
      return precompiled(description.precompiled_charsmap);
    default:
      return (text) => text.normalize(description.type);
  }
}

// Character by character, whatever stands around it: a final sigma is a sigma.
const lowercase: Normalizer = (text) => text.replace(/\P{Lowercase}/gu, (character) => character.toLowerCase());

// Ideographs as BERT has them: not Hangul, Hiragana or Katakana, which are written with spaces or as words.
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

// Nonspacing marks, to which U+1734 belonged until 2021, and these three did not until 2017 and 2019.
const ACCENTS = /(?![\u1885\u1886\ua9bd])[\p{Mn}\u1734]/gu;

function bertNormalizer(options: Extract<Simple, { type: "BertNormalizer" }>): Normalizer {
  const { clean_text, handle_chinese_chars, strip_accents, lowercase: lower } = options;
  return (text) => {
    if (clean_text) text = text.replace(/[^\P{C}\t\n\r\p{Cn}]|\ufffd/gu, "").replace(/\p{White_Space}/gu, " ");
    if (handle_chinese_chars) text = text.replace(IDEOGRAPH, " $& ");
    if (strip_accents ?? lower) text = text.normalize("NFD").replace(ACCENTS, "");
    return lower ? lowercase(text) : text;
  };
}
