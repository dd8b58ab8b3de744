import { Tokenizer as HF } from "@huggingface/tokenizers";
import type { Repository } from "./source.ts";
export interface Encoding {
  readonly ids: number[];
  readonly typeIds: number[];
}
export interface Tokenizer {
  readonly padId: number;
  readonly vocabularySize: number;
  encode(texts: readonly [string] | readonly [string, string], maxLength: number): Encoding;
}
export async function loadTokenizer(repository: Repository): Promise<Tokenizer> {
  const json = JSON.parse(await Deno.readTextFile((await repository.file("tokenizer.json"))!));
  const t = new HF({ ...json, truncation: null, padding: null }, {});
  const ids = (s: string) => t.encode(s, { add_special_tokens: false }).ids as number[];
  const cls = t.token_to_id("[CLS]")!, sep = t.token_to_id("[SEP]")!;
  return {
    padId: 0,
    vocabularySize: Object.keys(json.model.vocab).length,
    encode: (texts, max) => {
      const a = ids(texts[0]), b = texts[1] === undefined ? undefined : ids(texts[1]);
      if (!b) {
        const i = [cls, ...a.slice(0, max - 2), sep];
        return { ids: i, typeIds: i.map(() => 0) };
      }
      while (a.length + b.length > max - 3) (a.length > b.length ? a : b).pop();
      return { ids: [cls, ...a, sep, ...b, sep], typeIds: [...a.map(() => 0), 0, 0, ...b.map(() => 1), 1] };
    },
  };
}
