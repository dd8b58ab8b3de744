/**
 * Texts as token ids, as Transformers' fast tokenizers give them.
 *
 * @module
 */
import { BertNormalizer, Tokenizer as Tokens } from "@huggingface/tokenizers";
import { messageOf, RequestError } from "../errors.ts";
import type { Repository } from "../source.ts";
import { bertTokenizer } from "./vocabulary.ts";

/** One or two texts as tokens, special ones included, without padding. */
export interface Encoding {
  readonly ids: number[];
  /** A segment a token: 0 in the first text, 1 in the second, as the tokenizer's template says. */
  readonly tokenTypeIds: number[];
}

/** What turns texts into token ids. */
export interface Tokenizer {
  /** The token that lines of a batch are filled up with. */
  readonly padId: number;
  /** One more than the largest id: the rows that the model's embeddings must have. */
  readonly vocabularySize: number;
  /**
   * Encodes a text or a pair to at most `maxLength` tokens. Of a pair the longer text is cut first; where both must be
   * cut they end up equal, and one token that is over stays with the longer, or else with the second.
   *
   * @throws {RequestError} where `maxLength` leaves no room for the special tokens
   */
  encode(texts: readonly [string] | readonly [string, string], maxLength: number): Encoding;
}

/**
 * The tokenizer of a repository: `tokenizer.json`, or else `vocab.txt`, the vocabulary of a BERT; and
 * `tokenizer_config.json` where there is one, whose choices on case and accents come first. Lengths that these files set
 * are not used: the caller says how long a line may be.
 *
 * @throws {RequestError} where a file is missing or broken
 */
export async function loadTokenizer(repository: Repository): Promise<Tokenizer> {
  const path = await repository.file("tokenizer.json") ?? await repository.file("vocab.txt");
  if (path === undefined) {
    throw new RequestError(
      `Loading the tokenizer: there is no tokenizer.json and no vocab.txt in ${JSON.stringify(repository.origin)}.`,
    );
  }
  const configPath = await repository.file("tokenizer_config.json");
  const config = configPath === undefined ? {} : await readObject(configPath);
  const bare = path.endsWith(".txt");
  const json = bare ? {} : await readObject(path);
  try {
    return tokenizerOf(bare ? bertTokenizer(await Deno.readTextFile(path), config) : json, config);
  } catch (error) {
    throw new RequestError(`Loading the tokenizer ${path}: ${messageOf(error)}`);
  }
}

/** Which files of a repository make its tokenizer. */
export async function tokenizerFiles(repository: Repository): Promise<string[]> {
  const vocabulary = await repository.file("tokenizer.json") === undefined ? "vocab.txt" : "tokenizer.json";
  return [vocabulary, "tokenizer_config.json"];
}

type Fields = Readonly<Record<string, unknown>>;

async function readObject(path: string): Promise<Fields> {
  try {
    const value = JSON.parse(await Deno.readTextFile(path));
    if (!isFields(value)) throw new Error("wanted a JSON object");
    return value;
  } catch (error) {
    throw new RequestError(`Loading the tokenizer ${path}: ${messageOf(error)}`);
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// The library takes any other type as a plain list of words, and so gives wrong ids.
const MODELS: readonly string[] = ["WordPiece", "BPE", "Unigram"];

function tokenizerOf(json: Fields, config: Fields): Tokenizer {
  const model = isFields(json.model) ? json.model : {};
  if (model.vocab === undefined || !MODELS.includes(String(model.type))) {
    throw new Error(`wanted a model with a vocab, of type ${MODELS.join(", ")}; found type ${model.type}`);
  }
  const tokens = new Tokens({ ...json, added_tokens: json.added_tokens ?? [] }, config);
  if (tokens.normalizer instanceof BertNormalizer) {
    tokens.normalizer = new PlainBertNormalizer(settingsOf(tokens.normalizer.config, config));
  }
  const idsOf = (text: string) => tokens.encode(text, { add_special_tokens: false }).ids;
  const single = layoutOf(tokens, ["first"]), pair = layoutOf(tokens, ["first", "second"]);
  return {
    padId: padIdOf(tokens, json, config),
    vocabularySize: [...tokens.get_vocab().values()].reduce((most, id) => Math.max(most, id), -1) + 1,
    encode: ([first, second], maxLength) => {
      const layout = second === undefined ? single : pair;
      const room = maxLength - layout.filter(({ ids }) => ids).length;
      if (!(room >= 0)) {
        throw new RequestError(
          `Encoding a line: wanted room for the ${
            maxLength - room
          } special tokens, found a longest length of ${maxLength}.`,
        );
      }
      return assemble(layout, cut(idsOf(first), second === undefined ? [] : idsOf(second), room));
    },
  };
}

/** A special token, or the place of a text. */
interface Part {
  /** The ids of a special token; absent where a text goes. */
  readonly ids?: readonly number[];
  /** Which text. */
  readonly text?: 0 | 1;
  readonly typeId: number;
}

// Where the special tokens go, found by sending two marks, which are no tokens, through the post-processor.
function layoutOf(tokens: Tokens, marks: readonly ["first"] | readonly ["first", "second"]): Part[] {
  const [first, second] = marks.map((mark) => [`\0${mark}`]);
  const made = tokens.post_processor
    ? tokens.post_processor(first!, second ?? null, true)
    : { tokens: [...first!, ...second ?? []] };
  return made.tokens.map((token, at) => {
    const typeId = made.token_type_ids?.[at] ?? 0;
    if (token.startsWith("\0")) return { text: token === "\0first" ? 0 : 1, typeId };
    const id = tokens.token_to_id(token);
    if (id === undefined) throw new Error(`its vocabulary has no "${token}", which its post-processor adds`);
    return { ids: [id], typeId };
  });
}

function assemble(layout: readonly Part[], texts: readonly (readonly number[])[]): Encoding {
  const ids: number[] = [], tokenTypeIds: number[] = [];
  for (const part of layout) {
    for (const id of part.ids ?? texts[part.text!]!) {
      ids.push(id);
      tokenTypeIds.push(part.typeId);
    }
  }
  return { ids, tokenTypeIds };
}

/** Cuts the ends of two texts to `room` tokens together, the longer first. */
function cut(
  first: readonly number[],
  second: readonly number[],
  room: number,
): [readonly number[], readonly number[]] {
  if (first.length + second.length <= room) return [first, second];
  const half = Math.floor(room / 2);
  const less = Math.min(first.length, second.length, half);
  const more = room - less;
  return first.length > second.length
    ? [first.slice(0, more), second.slice(0, less)]
    : [first.slice(0, less), second.slice(0, more)];
}

function padIdOf(tokens: Tokens, json: Fields, config: Fields): number {
  const named = isFields(config.pad_token) ? config.pad_token.content : config.pad_token;
  const padding = isFields(json.padding) ? json.padding.pad_token : undefined;
  const names = [named, padding, "[PAD]", "<pad>"].filter((name) => typeof name === "string");
  for (const name of names) {
    const id = tokens.token_to_id(name);
    if (id !== undefined) return id;
  }
  throw new Error(`wanted a token for padding, found none of ${names.join(", ")}`);
}

type BertSettings = BertNormalizer["config"];

function settingsOf(settings: BertSettings, config: Fields): BertSettings {
  const { do_lower_case: lowercase, tokenize_chinese_chars: chinese, strip_accents: strip } = config;
  return {
    ...settings,
    ...(typeof lowercase === "boolean" && { lowercase }),
    ...(typeof chinese === "boolean" && { handle_chinese_chars: chinese }),
    ...(typeof strip === "boolean" && { strip_accents: strip }),
  };
}

// Ideographs as BERT knows them: not Hangul, Hiragana or Katakana, which are written with spaces or as words.
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * BERT's normaliser, with what the library's differs in: ideographs outside the basic plane, and letters lowered one by
 * one, whatever stands around them (a final sigma is a sigma).
 */
class PlainBertNormalizer extends BertNormalizer {
  override normalize(text: string): string {
    const { clean_text, handle_chinese_chars, lowercase, strip_accents } = this.config;
    if (clean_text) text = text.replace(/[^\P{C}\t\n\r\p{Cn}]|\ufffd/gu, "").replace(/\s/g, " ");
    if (handle_chinese_chars) text = text.replace(IDEOGRAPH, " $& ");
    if (strip_accents ?? lowercase) text = this.strip_accents(text);
    return lowercase ? text.replace(/\P{Lowercase}/gu, (letter) => letter.toLowerCase()) : text;
  }
}
