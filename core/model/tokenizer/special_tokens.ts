/**
 * Special and added tokens as the files of a tokenizer name them, which are several.
 *
 * @module
 */
import { z } from "zod";
import type { AddedToken } from "./added_tokens.ts";
import { MAX_TOKEN_ID } from "./models.ts";

/** The tokens that Transformers has attributes for, in the order in which it adds them. */
const ATTRIBUTES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

const flag = z.boolean().default(false);
const tokenSchema = z.object({
  content: z.string(),
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
  normalized: z.boolean().optional(),
  special: z.boolean().optional(),
});
const tokenId = z.int().min(0).max(MAX_TOKEN_ID);
const nameSchema = z.union([z.string(), tokenSchema]);
type Name = z.output<typeof nameSchema>;

/** One of `added_tokens` in `tokenizer.json`. */
export const addedTokenSchema = tokenSchema.extend({ id: tokenId });

/** What `tokenizer_config.json` and `special_tokens_map.json` may say of special tokens; other keys are kept. */
export const specialTokensSchema = z.looseObject({
  ...Object.fromEntries(ATTRIBUTES.map((name) => [name, nameSchema.nullish()])),
  additional_special_tokens: z.array(nameSchema).nullish(),
  extra_special_tokens: z.union([z.array(nameSchema), z.record(z.string(), nameSchema)]).nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d{1,8}$/, "expected ids as keys"), tokenSchema).nullish(),
});

/** The file `added_tokens.json`: ids by token. */
export const addedTokensSchema = z.record(z.string().min(1), tokenId);

type SpecialTokens = z.output<typeof specialTokensSchema>;

/** What the files say. */
export interface SpecialTokenFiles {
  /** `added_tokens` of `tokenizer.json`. */
  readonly base: readonly z.output<typeof addedTokenSchema>[];
  /** `tokenizer_config.json`. */
  readonly config: SpecialTokens;
  /** `special_tokens_map.json`. */
  readonly map?: SpecialTokens;
  /** `added_tokens.json`. */
  readonly added?: z.output<typeof addedTokensSchema>;
  /** Of the tokenizer's class: names by attribute; those that the vocabulary lacks are left out. */
  readonly defaults: { readonly [attribute: string]: string };
}

/** A token, with the id that its file claims for it where it does. */
interface Claim extends AddedToken {
  readonly id?: number;
}

/**
 * The added tokens of a tokenizer with their ids: a token of the vocabulary keeps its id, others follow after the last one,
 * in the order in which Transformers adds them. `added_tokens_decoder` makes the two older files void.
 *
 * @throws {Error} where a file claims another id for a token
 */
export function addedTokensOf(
  { base, config, map, added, defaults }: SpecialTokenFiles,
  vocabulary: ReadonlyMap<string, number>,
): { tokens: (AddedToken & { readonly id: number })[]; padToken?: string } {
  const decoder = config.added_tokens_decoder;
  const names: SpecialTokens = { ...config, ...!decoder && map };
  const extra = config.extra_special_tokens ?? config.additional_special_tokens ??
    (decoder ? undefined : map?.extra_special_tokens ?? map?.additional_special_tokens) ?? [];
  const ownNames = Object.entries(names).filter(([key, value]) =>
    key.endsWith("_token") && nameSchema.safeParse(value).success
  ) as [string, Name][];
  const isNamed = new Set([...ownNames.map(([, name]) => textOf(name)), ...Object.values(extra).map(textOf)]);
  const older = decoder ? [] : Object.entries(added ?? {}).map(([content, id]): Claim => ({
    ...tokenSchema.parse({ content }),
    id,
    special: isNamed.has(content),
    normalized: !isNamed.has(content),
  }));
  const listed = decoder
    ? Object.entries(decoder).map(([id, token]): Claim => ({ ...complete(token), id: Number(id) }))
    : older;
  const claims: Claim[] = [
    ...base.map((token) => ({ ...complete(token), id: token.id })),
    ...listed.toSorted((a, b) => a.id! - b.id!),
  ];
  const known = new Set(claims.map(({ content }) => content));
  const more = (name: Name) => {
    const token = typeof name === "string"
      ? complete({ ...tokenSchema.parse({ content: name }), special: true })
      : complete({
        ...name,
        special: true,
      });
    if (known.has(token.content)) return;
    known.add(token.content);
    claims.push(token);
  };
  const byAttribute = new Map(ownNames);
  const attributes = new Set([...ATTRIBUTES, ...byAttribute.keys()]);
  for (const attribute of attributes) {
    const name = byAttribute.get(attribute) ?? defaults[attribute];
    const isDefault = !byAttribute.has(attribute);
    if (name !== undefined && !(isDefault && !vocabulary.has(textOf(name)))) more(name);
  }
  Object.values(extra).forEach(more);
  const padToken = byAttribute.get("pad_token") ?? undefined;
  return { tokens: withIds(claims, vocabulary), ...(padToken !== undefined && { padToken: textOf(padToken) }) };
}

function withIds(claims: readonly Claim[], vocabulary: ReadonlyMap<string, number>) {
  let next = vocabulary.size;
  const tokenOf = new Map(vocabulary.entries().map(([token, id]) => [id, token]));
  const tokens = new Map<string, AddedToken & { readonly id: number }>();
  for (const { id: claimed, ...token } of claims) {
    if (token.content === "") continue;
    const id = tokens.get(token.content)?.id ?? vocabulary.get(token.content) ?? next;
    if (claimed !== undefined && claimed !== id) {
      throw new Error(`expected the id ${id} for the added token "${token.content}", got ${claimed}`);
    }
    const other = tokenOf.get(id);
    if (other && other !== token.content) { // ids with gaps: those after the last are counted, not looked for
      throw new Error(`expected an unused id for the added token "${token.content}", got ${id}, which is "${other}"`);
    }
    next = Math.max(next, id + 1);
    tokens.set(token.content, { ...token, id });
  }
  return [...tokens.values()];
}

const textOf = (name: Name): string => typeof name === "string" ? name : name.content;

const complete = (token: z.output<typeof tokenSchema>): AddedToken => ({
  ...token,
  special: token.special ?? false,
  normalized: token.normalized ?? !token.special,
});
