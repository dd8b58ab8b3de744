/**
 * Post-processors of `tokenizer.json`: where special tokens stand, and which segment a token belongs to.
 *
 * @module
 */
import { z } from "zod";

/** Special tokens, or the place of a text. */
export interface LayoutPart {
  /** Ids of special tokens; absent where a text goes. */
  readonly ids?: readonly number[];
  /** Which text. */
  readonly text?: 0 | 1;
  readonly typeId: number;
}

/** The layout of one text, and that of a pair. */
export interface Layouts {
  readonly single: readonly LayoutPart[];
  readonly pair: readonly LayoutPart[];
}

const typeId = z.int().min(0).max(255);
const tokenId = z.int().min(0).max(2 ** 24 - 1);
const piece = z.union([
  z.strictObject({ SpecialToken: z.strictObject({ id: z.string(), type_id: typeId }) }),
  z.strictObject({ Sequence: z.strictObject({ id: z.enum(["A", "B"]), type_id: typeId }) }),
]);
const named = z.tuple([z.string(), tokenId]);

const templateSchema = z.strictObject({
  type: z.literal("TemplateProcessing"),
  single: z.array(piece).max(64),
  pair: z.array(piece).max(64),
  special_tokens: z.record(
    z.string(),
    z.strictObject({ id: z.string(), ids: z.array(tokenId).min(1).max(64), tokens: z.array(z.string()) }),
  ),
});
const bertSchema = z.strictObject({ type: z.literal("BertProcessing"), sep: named, cls: named });
const robertaSchema = z.strictObject({
  type: z.literal("RobertaProcessing"),
  sep: named,
  cls: named,
  trim_offsets: z.boolean(),
  add_prefix_space: z.boolean(),
});
// Moves the places of tokens in the text, which nothing here reads.
const byteLevelSchema = z.strictObject({
  type: z.literal("ByteLevel"),
  add_prefix_space: z.boolean().optional(),
  trim_offsets: z.boolean().optional(),
  use_regex: z.boolean().optional(),
});
const simpleSchema = z.discriminatedUnion("type", [templateSchema, bertSchema, robertaSchema, byteLevelSchema]);

/** A post-processor that was compared with the Rust library, or a sequence of which one adds tokens. */
export const postProcessorSchema = z.discriminatedUnion("type", [
  ...simpleSchema.options,
  z.strictObject({
    type: z.literal("Sequence"),
    processors: z.array(simpleSchema).refine(
      (list) => list.filter(({ type }) => type !== "ByteLevel").length <= 1,
      "expected at most one that adds tokens",
    ),
  }),
]);

const PLAIN: Layouts = { single: [{ text: 0, typeId: 0 }], pair: [{ text: 0, typeId: 0 }, { text: 1, typeId: 1 }] };

/** The layouts that a post-processor's description means; its special tokens are the vocabulary's. */
export function layoutsOf(
  description: z.output<typeof postProcessorSchema> | null,
  vocabulary: ReadonlyMap<string, number>,
): Layouts {
  const one = description?.type === "Sequence"
    ? description.processors.find(({ type }) => type !== "ByteLevel") ?? null
    : description;
  if (one === null || one.type === "ByteLevel") return PLAIN;
  if (one.type === "TemplateProcessing") return templates(one, vocabulary);
  const part = ([token, id]: z.output<typeof named>, typeId: number): LayoutPart => {
    checkId(token, id, vocabulary);
    return { ids: [id], typeId };
  };
  const cls = part(one.cls, 0);
  if (one.type === "BertProcessing") {
    const single: LayoutPart[] = [cls, { text: 0, typeId: 0 }, part(one.sep, 0)];
    return { single, pair: [...single, { text: 1, typeId: 1 }, part(one.sep, 1)] };
  }
  const single: LayoutPart[] = [cls, { text: 0, typeId: 0 }, part(one.sep, 0)];
  return { single, pair: [...single, part(one.sep, 0), { text: 1, typeId: 0 }, part(one.sep, 0)] };
}

function templates(
  { single, pair, special_tokens }: z.output<typeof templateSchema>,
  vocabulary: ReadonlyMap<string, number>,
): Layouts {
  const specials = new Map(Object.entries(special_tokens));
  const layout = (pieces: readonly z.output<typeof piece>[], field: string, expected: string): LayoutPart[] => {
    const texts = pieces.flatMap((piece) => "Sequence" in piece ? [piece.Sequence.id] : []);
    if (texts.toSorted().join() !== expected) {
      throw new Error(`"post_processor.${field}": expected each of ${expected} once, got ${texts.join() || "none"}`);
    }
    return pieces.map((piece) => {
      if ("Sequence" in piece) return { text: piece.Sequence.id === "A" ? 0 : 1, typeId: piece.Sequence.type_id };
      const { id: name, type_id: typeId } = piece.SpecialToken;
      const special = specials.get(name);
      if (!special || special.ids.length !== special.tokens.length) {
        throw new Error(`"post_processor.special_tokens": expected ids and tokens of "${name}"`);
      }
      special.ids.forEach((id, index) => checkId(special.tokens[index]!, id, vocabulary));
      return { ids: special.ids, typeId };
    });
  };
  return { single: layout(single, "single", "A"), pair: layout(pair, "pair", "A,B") };
}

function checkId(token: string, id: number, vocabulary: ReadonlyMap<string, number>): void {
  const known = vocabulary.get(token);
  if (known === id) return;
  throw new Error(
    `"post_processor": expected the vocabulary's id of "${token}", ${known ?? "which it lacks"}, got ${id}`,
  );
}
