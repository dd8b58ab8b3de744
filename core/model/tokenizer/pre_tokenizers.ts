/**
 * Pre-tokenizers of `tokenizer.json`: how a normalized text is split into words.
 *
 * @module
 */
import { z } from "zod";
import { PUNCTUATION, WHITE_SPACE, WORD } from "./characters.ts";
import { BEHAVIORS, GPT2_WORDS, patternSchema, regExpOf, splitAt } from "./patterns.ts";

/** Splits a text; no part is empty. */
export type PreTokenizer = (text: string) => string[];

const bare = <Type extends string>(type: Type) => z.strictObject({ type: z.literal(type) });

const simpleSchema = z.discriminatedUnion("type", [
  bare("BertPreTokenizer"),
  bare("Whitespace"),
  bare("WhitespaceSplit"),
  z.strictObject({ type: z.literal("Punctuation"), behavior: z.enum(BEHAVIORS).default("Isolated") }),
  z.strictObject({ type: z.literal("Digits"), individual_digits: z.boolean() }),
  z.strictObject({
    type: z.literal("Split"),
    pattern: patternSchema,
    behavior: z.enum(BEHAVIORS),
    invert: z.boolean(),
  }),
  z.strictObject({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean(),
    trim_offsets: z.boolean().optional(), // of the places of tokens in the text, which nothing here reads
    use_regex: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal("Metaspace"),
    replacement: z.string().regex(/^.$/u, "expected one character"),
    // "first" depends on where a word began in the text before it was normalized, which is not kept here.
    prepend_scheme: z.enum(["always", "never"]).default("always"),
    split: z.boolean().default(true),
    // Of old files, where true leaves the scheme as it is, and false is "never".
    add_prefix_space: z.boolean().optional(),
    str_rep: z.string().optional(), // of older ones: the replacement again, not read
  }).refine(
    ({ add_prefix_space, prepend_scheme }) => add_prefix_space !== false || prepend_scheme === "never",
    { path: ["prepend_scheme"], error: 'expected "never" beside "add_prefix_space": false' },
  ),
]);
type Simple = z.output<typeof simpleSchema>;

/** A pre-tokenizer that was compared with the Rust library, or a sequence of them. */
export const preTokenizerSchema = z.discriminatedUnion("type", [
  ...simpleSchema.options,
  z.strictObject({ type: z.literal("Sequence"), pretokenizers: z.array(simpleSchema).max(32) }),
]);

/** The function that a pre-tokenizer's description means. */
export function preTokenizerOf(description: z.output<typeof preTokenizerSchema> | null): PreTokenizer {
  if (description === null) return (text) => [text];
  if (description.type !== "Sequence") return simple(description);
  const steps = description.pretokenizers.map(simple);
  return (text) => steps.reduce((words, step) => words.flatMap(step), [text]);
}

function simple(description: Simple): PreTokenizer {
  switch (description.type) {
    case "BertPreTokenizer":
      return matches(`[^${WHITE_SPACE}${PUNCTUATION}]+|[${PUNCTUATION}]`);
    case "Whitespace":
      return matches(`[${WORD}]+|[^${WORD}${WHITE_SPACE}]+`);
    case "WhitespaceSplit":
      return matches(`[^${WHITE_SPACE}]+`);
    case "Punctuation": {
      const pattern = new RegExp(`[${PUNCTUATION}]`, "gu");
      return (text) => splitAt(text, pattern, description);
    }
    case "Digits": {
      const behavior = description.individual_digits ? "Isolated" : "Contiguous";
      return (text) => splitAt(text, /\p{N}/gu, { behavior });
    }
    case "Split": {
      const pattern = regExpOf(description.pattern);
      return (text) => splitAt(text, pattern, description);
    }
    case "ByteLevel":
      return byteLevel(description);
    case "Metaspace":
      return metaspace(description);
  }
}

const matches = (source: string): PreTokenizer => {
  const pattern = new RegExp(source, "gu");
  return (text) => text.match(pattern) ?? [];
};

// Visible characters that stand for bytes: those of Latin-1 for themselves, others from U+0100 on (Radford et al. 2019).
const BYTES: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = byte >= 0x21 && byte <= 0x7e || byte >= 0xa1 && byte <= 0xac || byte >= 0xae;
    return String.fromCharCode(isVisible ? byte : next++);
  });
})();

function byteLevel(options: Extract<Simple, { type: "ByteLevel" }>): PreTokenizer {
  const encoder = new TextEncoder();
  const words = options.use_regex ? regExpOf({ Regex: GPT2_WORDS }) : undefined;
  return (text) => {
    const spaced = options.add_prefix_space && !text.startsWith(" ") ? ` ${text}` : text;
    return (words ? spaced.match(words) ?? [] : [spaced])
      .map((word) => Array.from(encoder.encode(word), (byte) => BYTES[byte]).join(""));
  };
}

function metaspace(options: Extract<Simple, { type: "Metaspace" }>): PreTokenizer {
  const { replacement, prepend_scheme, split } = options;
  const pattern = new RegExp(RegExp.escape(replacement), "gu");
  return (text) => {
    const spaced = text.replaceAll(" ", replacement);
    const marked = prepend_scheme === "always" && !spaced.startsWith(replacement) ? replacement + spaced : spaced;
    return split ? splitAt(marked, pattern, { behavior: "MergedWithNext" }) : [marked];
  };
}
