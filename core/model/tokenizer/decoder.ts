/**
 * Token ids as text.
 *
 * @module
 */
import { z } from "zod";

/** The decoder of `tokenizer.json` that was compared with the Rust library: SentencePiece's, `▁` for a space. */
const metaspaceSchema = z.object({
  type: z.literal("Metaspace"),
  replacement: z.string().min(1).default("▁"),
  prepend_scheme: z.enum(["always", "never"]).optional(),
  add_prefix_space: z.boolean().optional(),
});

/**
 * A function from token ids to their text without special tokens; nothing for another kind of decoder, which is not
 * supported.
 */
export function decoderOf(
  decoder: unknown,
  { vocabulary, special }: {
    readonly vocabulary: ReadonlyMap<string, number>;
    /** Ids of special tokens. */
    readonly special: ReadonlySet<number>;
  },
): ((ids: readonly number[]) => string) | undefined {
  const { data: settings } = metaspaceSchema.safeParse(decoder);
  if (!settings) return undefined;
  const { replacement, prepend_scheme, add_prefix_space = true } = settings;
  const prefixed = prepend_scheme ? prepend_scheme !== "never" : add_prefix_space;
  const tokens = new Map([...vocabulary].map(([token, id]) => [id, token]));
  return (ids) =>
    ids.filter((id) => !special.has(id) && tokens.has(id)).map((id, index) =>
      tokens.get(id)!.replaceAll(replacement, index === 0 && prefixed ? "" : " ")
    ).join("");
}
