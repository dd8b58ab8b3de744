import { RequestError } from "@opf/framework";
import { bart } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertParity, CASES, loadModel, readJson } from "./_parity.ts";

const FIXTURES = new URL("../../fixtures/bart", import.meta.url).pathname;
const { folder, head } = CASES[0]!;
const CONFIG = readJson(`${FIXTURES}/${folder}/config.json`);

for (const parity of CASES) {
  Deno.test(`bart() gives Transformers' logits, loss and gradients for ${parity.folder}`, () =>
    assertParity(bart({ source: "x" }), { fixtures: FIXTURES, padId: 1, ...parity }));
}

Deno.test("bart({ layers }) keeps the first layers of each stack, in the model and in its config", async () => {
  const model = bart({ source: "x", layers: 1 });
  const { architecture, unexpected, weights } = await loadModel(model, { folder: `${FIXTURES}/${folder}`, head });
  assertEquals(unexpected, []);
  assertEquals([architecture.config.encoder_layers, architecture.config.decoder_layers], [1, 1]);
  assertEquals(architecture.matrices.length, 6 + 10);
  assert(!architecture.parameters.some(({ name }) => name.includes("layers.1.")));
  weights.dispose();
});

Deno.test("bart() counts its tied embeddings once", async () => {
  const { weights } = await loadModel(bart({ source: "x" }), { folder: `${FIXTURES}/${folder}`, head });
  const embeddings = weights.slots.filter(({ shape }) => shape[0] === CONFIG.vocab_size);
  assertEquals(embeddings.map(({ parameter }) => parameter.name), ["model.shared.weight"]);
  weights.dispose();
});

Deno.test("bart() shifts an example to the right for its decoder, and reads it at the last </s>", () => {
  const { collate } = bart({ source: "x" }).architecture(CONFIG, head);
  const example = (ids: number[]) => ({ index: 4, label: 0, ids, tokenTypeIds: ids.map(() => 0) });
  const bucket = { batchSize: 2, length: 6, targetLength: 0, padId: 1 };
  const { decoderInputIds, headPositions } = collate([example([0, 7, 2, 8, 2])], bucket);
  assertEquals([...decoderInputIds!.values], [2, 0, 7, 2, 8, 1, 1, 1, 1, 1, 1, 1]);
  assertEquals([...headPositions!.values], [4, 0]);
  const { message } = assertThrows(() => collate([example([0, 7])], bucket), RequestError);
  assertStringIncludes(message, "Example 4: expected the token 2");
});

Deno.test("bart() refuses a config that it does not implement, with the key, what it expected and what it got", () => {
  const assertRefused = (change: object, message: string, layers?: number) => {
    const model = bart({ source: "x", ...(layers !== undefined && { layers }) });
    const error = assertThrows(() => model.architecture({ ...CONFIG, ...change }, head), RequestError);
    assertStringIncludes(error.message, message);
  };
  assertRefused({ model_type: "mbart" }, '"model_type": expected "bart", got "mbart"');
  assertRefused({ decoder_layerdrop: 0.1 }, '"decoder_layerdrop": expected 0, got 0.1');
  assertRefused({ tie_word_embeddings: false }, '"tie_word_embeddings"');
  assertRefused({ decoder_attention_heads: 5 }, '"decoder_attention_heads": expected a divisor of the width 24, got 5');
  assertRefused({ num_hidden_layers: 3 }, '"num_hidden_layers": expected 2, as "encoder_layers" says, got 3');
  assertRefused({ eos_token_id: [2, 3] }, '"eos_token_id"');
  for (const key of ["pad_token_id", "eos_token_id", "decoder_start_token_id"]) {
    const { vocab_size } = CONFIG;
    assertRefused({ [key]: vocab_size }, `"${key}": expected an id below ${vocab_size}, as "vocab_size" says`);
  }
  assertRefused({}, "expected 1 to 2, the layers of the model", 3);
});

Deno.test("bart() recognizes its parameters by every name that files give them", () => {
  const { canonicalName } = bart({ source: "x", layers: 1 }).architecture(CONFIG, head);
  const names: Record<string, string | undefined> = {
    "model.shared.weight": "model.shared.weight",
    "shared.weight": "model.shared.weight",
    "encoder.embed_tokens.weight": "model.encoder.embed_tokens.weight",
    "decoder.layers.0.encoder_attn.q_proj.bias": "model.decoder.layers.0.encoder_attn.q_proj.bias",
    "classification_head.dense.weight": "classification_head.dense.weight",
    "final_logits_bias": undefined,
    "decoder.layers.1.fc1.weight": undefined,
    "model.encoder.layers.10.fc1.weight": undefined,
    "lm_head.weight": "lm_head.weight",
  };
  for (const [name, expected] of Object.entries(names)) assertEquals(canonicalName(name), expected, name);
});
