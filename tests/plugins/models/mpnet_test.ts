import { RequestError } from "@opf/framework";
import { mpnet } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertParity, CASES, loadModel, readJson } from "./_parity.ts";

const FIXTURES = new URL("../../fixtures/mpnet", import.meta.url).pathname;
const { folder, head } = CASES[0]!;
const CONFIG = readJson(`${FIXTURES}/${folder}/config.json`);

for (const parity of CASES) {
  Deno.test(`mpnet() gives Transformers' logits, loss and gradients for ${parity.folder}`, () =>
    assertParity(mpnet({ source: "x" }), { fixtures: FIXTURES, padId: 1, ...parity }));
}

Deno.test("mpnet({ layers }) keeps the first layers, in the model and in its config", async () => {
  const model = mpnet({ source: "x", layers: 2 });
  const { architecture, unexpected, weights } = await loadModel(model, { folder: `${FIXTURES}/${folder}`, head });
  assertEquals(unexpected, []);
  assertEquals(architecture.config.num_hidden_layers, 2);
  assertEquals(architecture.matrices.length, 12);
  assert(!architecture.parameters.some(({ name }) => name.includes("layer.2.")));
  weights.dispose();
});

Deno.test("mpnet() counts positions over tokens that do not pad", () => {
  const { collate } = mpnet({ source: "x" }).architecture(CONFIG, head);
  const example = { index: 0, label: 0, ids: [0, 7, 1, 8, 2], tokenTypeIds: [0, 0, 0, 0, 0] };
  const { positionIds } = collate([example], { batchSize: 2, length: 6, targetLength: 0, padId: 1 });
  assertEquals([...positionIds!.values], [2, 3, 1, 4, 5, 1, 1, 1, 1, 1, 1, 1]);
});

Deno.test("mpnet() refuses a config that it does not implement, with the key, what it expected and what it got", () => {
  const assertRefused = (change: object, message: string) => {
    const error = assertThrows(
      () => mpnet({ source: "x" }).architecture({ ...CONFIG, ...change }, head),
      RequestError,
    );
    assertStringIncludes(error.message, message);
  };
  assertRefused({ model_type: "bert" }, '"model_type": expected "mpnet", got "bert"');
  assertRefused({ relative_attention_num_buckets: 16 }, '"relative_attention_num_buckets": expected 32');
  assertRefused({ pad_token_id: 0 }, '"pad_token_id": expected 1, got 0');
  assertRefused({ num_attention_heads: 5 }, '"num_attention_heads": expected a divisor of the width 24, got 5');
});

Deno.test("mpnet() recognizes its parameters by every name that files give them", () => {
  const { canonicalName } = mpnet({ source: "x", layers: 2 }).architecture(CONFIG, head);
  const names: Record<string, string | undefined> = {
    "mpnet.encoder.layer.1.attention.attn.q.weight": "mpnet.encoder.layer.1.attention.attn.q.weight",
    "encoder.layer.1.attention.attn.q.weight": "mpnet.encoder.layer.1.attention.attn.q.weight",
    "encoder.relative_attention_bias.weight": "mpnet.encoder.relative_attention_bias.weight",
    "embeddings.position_ids": undefined,
    "encoder.layer.2.output.dense.weight": undefined,
    "pooler.dense.weight": "pooler.dense.weight", // not of the model for classification
  };
  for (const [name, expected] of Object.entries(names)) assertEquals(canonicalName(name), expected, name);
});
