import { RequestError, type Tokenizer } from "@opf/framework";
import { bart, bert, mpnet, t5 } from "@opf/framework/plugins";
import { assertStringIncludes, assertThrows } from "@std/assert";
import { checkTokenIds, checkTokenizerFit } from "../../../core/model/tokenizer_fit.ts";
import { CONFIG } from "../../_tiny.ts";

const head = { kind: "classification", outputs: 2 } as const;
const tokenizer: Tokenizer = {
  padId: 0,
  vocabularySize: CONFIG.vocab_size,
  tokenTypes: { single: 1, pair: 2 },
  encode: () => ({ ids: [], tokenTypeIds: [] }),
};
const check = (change: object, hasPairs: boolean, ownTokenizer: Partial<Tokenizer> = {}) =>
  checkTokenizerFit({ ...tokenizer, ...ownTokenizer }, {
    architecture: bert({ source: "x" }).architecture({ ...CONFIG, ...change }, head),
    model: "tiny",
    hasPairs,
  });
const refusal = (...args: Parameters<typeof check>) => assertThrows(() => check(...args), RequestError).message;

Deno.test("checkTokenizerFit() requires an embedding for every token and for every token type that occurs", () => {
  check({}, true);
  check({ type_vocab_size: 1 }, false); // no pairs, no second type
  check({ type_vocab_size: 1 }, true, { tokenTypes: { single: 1, pair: 1 } });
  assertStringIncludes(refusal({ type_vocab_size: 1 }, true), 'at most 1 token types ("type_vocab_size"');
  assertStringIncludes(refusal({ type_vocab_size: 1 }, true), '"model_input_names"');
  assertStringIncludes(refusal({}, false, { tokenTypes: { single: 3, pair: 3 } }), "got 3");
  const vocabularySize = CONFIG.vocab_size + 1;
  assertStringIncludes(refusal({}, false, { vocabularySize }), `of at most ${CONFIG.vocab_size} tokens`);
});

Deno.test("checkTokenizerFit() lets special tokens lack embeddings, but for those of every text, and for padding", () => {
  const { vocab_size: size } = CONFIG;
  const larger = { vocabularySize: size + 2, specialIds: new Set([2, size, size + 1]) };
  check({}, true, larger);
  const refused = (more: Partial<Tokenizer>) => refusal({}, true, { ...larger, ...more });
  assertStringIncludes(refused({ specialIds: new Set([2, size]) }), `of at most ${size} tokens`);
  assertStringIncludes(refused({ specialIds: new Set([2, size + 1]) }), `at most ${size} tokens ("vocab_size" of`);
  const around = `ids below ${size} ("vocab_size" of config.json) around texts, got ${size}`;
  assertStringIncludes(refused({ padId: size }), around);
  const encode = (count: number): Tokenizer["encode"] => (texts) => ({
    ids: texts.length === count ? [2, size] : [2],
    tokenTypeIds: [],
  });
  for (const count of [1, 2]) assertStringIncludes(refused({ encode: encode(count) }), around);
});

Deno.test("checkTokenIds() refuses examples and targets with tokens that have no embedding", () => {
  const { vocab_size: size } = CONFIG;
  const architecture = bert({ source: "x" }).architecture(CONFIG, head);
  const example = (index: number, ids: number[], targets: number[]) => ({
    ...{ index, label: 0, ids, tokenTypeIds: ids.map(() => 0) },
    targets,
  });
  const check = (last: number, lastOfTarget: number, vocabularySize = size + 1) =>
    checkTokenIds([example(3, [0, size - 1], []), example(7, [1, last], [lastOfTarget])], {
      architecture,
      tokenizer: { ...tokenizer, vocabularySize },
      set: "mrpc, dev",
    });
  check(size - 1, size - 1);
  for (const [last, ofTarget] of [[size, 0], [0, size]] as const) {
    assertStringIncludes(
      assertThrows(() => check(last!, ofTarget!), RequestError).message,
      `mrpc, dev example 7: expected tokens with ids below ${size} ("vocab_size" of config.json), got ${size}`,
    );
  }
});

Deno.test("checkTokenizerFit() counts the embeddings of a config that leaves their number to its default", () => {
  const mpnets = { model_type: "mpnet", hidden_size: 12 }, barts = { model_type: "bart", d_model: 16 };
  const models = [
    [30527, mpnet({ source: "x" }).architecture(mpnets, head)],
    [50265, bart({ source: "x" }).architecture(barts, head)],
    [
      32128,
      t5({ source: "x" }).architecture({ model_type: "t5", d_model: 8, decoder_start_token_id: 0 }, {
        ...head,
        answers: { maxLength: 4 },
      }),
    ],
  ] as const;
  for (const [count, architecture] of models) {
    const vocabularySize = count + 1;
    const { message } = assertThrows(
      () => checkTokenizerFit({ ...tokenizer, vocabularySize }, { architecture, model: "tiny", hasPairs: true }),
      RequestError,
    );
    assertStringIncludes(message, `of at most ${count} tokens ("vocab_size" of config.json), got ${vocabularySize}`);
  }
});

Deno.test("checkTokenizerFit() accepts any number of token types for a model without token types", () => {
  const sizes = { model_type: "mpnet", hidden_size: 8, num_attention_heads: 2, max_position_embeddings: 66 };
  const architecture = mpnet({ source: "x" }).architecture({ ...sizes, vocab_size: CONFIG.vocab_size }, head);
  checkTokenizerFit({ ...tokenizer, padId: 1 }, { architecture, model: "tiny", hasPairs: true });
});

Deno.test("checkTokenizerFit() requires the model's padding token", () => {
  check({ pad_token_id: 0 }, false);
  check({ pad_token_id: null }, false);
  assertStringIncludes(
    refusal({ pad_token_id: 3 }, false),
    'pads with the token 3 ("pad_token_id" of config.json), got 0',
  );
});

Deno.test("checkTokenizerFit() requires the end of each text where a model reads it", () => {
  const sizes = { vocab_size: CONFIG.vocab_size, d_model: 8, pad_token_id: 0, eos_token_id: 2 };
  const models = [
    t5({ source: "x" }).architecture({ ...sizes, model_type: "t5", decoder_start_token_id: 0 }, {
      ...head,
      answers: { maxLength: 4 },
    }),
    bart({ source: "x" }).architecture(
      { ...sizes, model_type: "bart", encoder_attention_heads: 2, decoder_attention_heads: 2 },
      head,
    ),
  ];
  for (const architecture of models) {
    const end = (...ids: number[]) =>
      checkTokenizerFit({ ...tokenizer, encode: () => ({ ids, tokenTypeIds: ids }) }, {
        architecture,
        model: "tiny",
        hasPairs: false,
      });
    end(2);
    const expected = 'ends each text with the token 2 ("eos_token_id" of config.json), got ';
    assertStringIncludes(assertThrows(() => end(), RequestError).message, `${expected}no token there`);
    assertStringIncludes(assertThrows(() => end(2, 5), RequestError).message, `${expected}the token 5 there`);
  }
});
