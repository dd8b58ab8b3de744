import { type ForwardContext, RequestError, tf } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertParity, batchOf, CASES, examplesOf, loadModel, readJson } from "./_parity.ts";

const FIXTURES = new URL("../../fixtures/bert", import.meta.url).pathname;
const { folder, head } = CASES[0]!;
const CONFIG = readJson(`${FIXTURES}/${folder}/config.json`);

for (const parity of CASES) {
  Deno.test(`bert() gives Transformers' logits, loss and gradients for ${parity.folder}`, () =>
    assertParity(bert({ source: "x" }), { fixtures: FIXTURES, padId: 0, ...parity }));
}

const fixture = () => readJson(`${FIXTURES}/${folder}/batch.json`);

Deno.test("bert({ layers }) keeps the first layers, in the model and in its config", async () => {
  const model = bert({ source: "x", layers: 2 });
  const { architecture, unexpected, weights } = await loadModel(model, { folder: `${FIXTURES}/${folder}`, head });
  assertEquals(unexpected, []); // the layers left out are not listed
  assertEquals(architecture.config.num_hidden_layers, 2);
  assertEquals(architecture.matrices.length, 12);
  assert(!architecture.parameters.some(({ name }) => name.includes("layer.2.")));
  // A model of two layers whose file has no more is the same.
  const small = bert({ source: "x" }).architecture({ ...CONFIG, num_hidden_layers: 2 }, head);
  tf.tidy(() => {
    const batch = batchOf(architecture, { examples: examplesOf(fixture()), length: 9, padId: 0 });
    const read = weights.structure.reader(weights.values);
    assertEquals(architecture.outputs(read, batch).arraySync(), small.outputs(read, batch).arraySync());
  });
  weights.dispose();
});

Deno.test("bert() drops out at every place of Transformers' model, and never reads padding", async () => {
  const { architecture, weights } = await loadModel(bert({ source: "x" }), { folder: `${FIXTURES}/${folder}`, head });
  const places: [readonly number[], number][] = [];
  tf.tidy(() => {
    const dropout = (shape: readonly number[], rate: number) => {
      places.push([shape, rate]);
      return tf.ones([...shape], "bool");
    };
    const examples = examplesOf(fixture());
    const batch = batchOf(architecture, { examples, length: 9, padId: 0 });
    const read = weights.structure.reader(weights.values);
    const losses = (context: ForwardContext) => architecture.losses(read, batch, context).arraySync() as number[];
    const kept = losses({ dropout });
    // All elements are kept and scaled up by 1 / (1 − rate), which differs from no dropout.
    assert(Math.abs(kept[0]! - losses({})[0]!) > 1e-4);
    const padded = batchOf(architecture, { examples, length: 9, padId: 1 });
    assertEquals(architecture.outputs(read, padded).arraySync(), architecture.outputs(read, batch).arraySync());
  });
  // Embeddings; attention weights, attention output and layer output of each layer; pooled output.
  assertEquals(places.length, 1 + 3 * 3 + 1);
  assert(places.every(([, rate]) => rate === 0.1));
  weights.dispose();
});

Deno.test("bert() refuses a config that it does not implement, with the key, what it expected and what it got", () => {
  const assertRefused = (change: object, message: string, layers?: number) => {
    const model = bert({ source: "x", ...(layers !== undefined && { layers }) });
    const error = assertThrows(() => model.architecture({ ...CONFIG, ...change }, head), RequestError);
    assertStringIncludes(error.message, message);
  };
  assertRefused({ model_type: "roberta" }, '"model_type": Invalid input: expected "bert", got "roberta"');
  assertRefused({ hidden_act: "gleu" }, '"hidden_act"');
  assertRefused({ position_embedding_type: "relative_key" }, '"position_embedding_type"');
  assertRefused({ hidden_size: 0 }, '"hidden_size"');
  assertRefused({ num_attention_heads: 5 }, '"num_attention_heads": expected a divisor of the width 24, got 5');
  assertRefused({ hidden_dropout_prob: "0.1" }, '"hidden_dropout_prob"');
  assertRefused({}, "expected 1 to 3", 4);
});

Deno.test("bert() recognizes its parameters by every name that files give them", () => {
  const { canonicalName } = bert({ source: "x", layers: 2 }).architecture(CONFIG, head);
  const names: Record<string, string | undefined> = {
    "bert.encoder.layer.1.output.dense.weight": "bert.encoder.layer.1.output.dense.weight",
    "encoder.layer.1.output.dense.weight": "bert.encoder.layer.1.output.dense.weight",
    "embeddings.LayerNorm.gamma": "bert.embeddings.LayerNorm.weight",
    "bert.encoder.layer.0.output.LayerNorm.beta": "bert.encoder.layer.0.output.LayerNorm.bias",
    "classifier.weight": "classifier.weight",
    "embeddings.position_ids": undefined,
    "bert.embeddings.position_ids": undefined,
    // Layers that are left out are not listed as unexpected.
    "encoder.layer.2.output.dense.weight": undefined,
    "bert.encoder.layer.10.output.LayerNorm.gamma": undefined,
    // A tensor that is not BERT's keeps its name, to be listed as unexpected.
    "cls.predictions.bias": "cls.predictions.bias",
  };
  for (const [name, expected] of Object.entries(names)) assertEquals(canonicalName(name), expected, name);
});
