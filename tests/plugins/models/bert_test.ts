import { type ForwardContext, type Json, RequestError, tf } from "@opf/framework";
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
  assertRefused({ model_type: "roberta" }, '"model_type": expected "bert", got "roberta"');
  assertRefused({ hidden_act: "gleu" }, '"hidden_act"');
  assertRefused({ position_embedding_type: "relative_key" }, '"position_embedding_type"');
  assertRefused({ hidden_size: 0 }, '"hidden_size"');
  assertRefused({ num_attention_heads: 5 }, '"num_attention_heads": expected a divisor of the width 24, got 5');
  assertRefused({ hidden_dropout_prob: "0.1" }, '"hidden_dropout_prob"');
  assertRefused({}, "expected 1 to 3", 4);
  assertRefused({ num_hidden_layers: 2 ** 33 }, '"num_hidden_layers": expected number to be <=1024, got 8589934592');
  assertRefused({ hidden_dropout_prob: 5 }, '"hidden_dropout_prob": expected number to be <1, got 5');
  assertRefused({ layer_norm_eps: 0 }, '"layer_norm_eps": expected number to be >=1e-30, got 0');
});

Deno.test("bert() refuses every key of a config that changes the mathematics, or may", () => {
  const architecture = (change: { [key: string]: Json }) =>
    bert({ source: "x" }).architecture({ ...CONFIG, ...change }, head);
  const refused: { [key: string]: Json } = {
    is_decoder: true,
    is_encoder_decoder: true,
    add_cross_attention: true,
    tie_encoder_decoder: true,
    pruned_heads: { 0: [1] },
    quantization_config: { load_in_8bit: true },
    use_bfloat16: true,
    cross_attention_hidden_size: 24,
    embedding_size: 12,
    rotary_value: false,
  };
  for (const [key, value] of Object.entries(refused)) {
    const { message } = assertThrows(() => architecture({ [key]: value }), RequestError);
    assertStringIncludes(message, `config.json of a BERT: "${key}" is not`);
    assertStringIncludes(message, `got ${JSON.stringify(value)}.`);
  }
  const harmless = {
    ...{
      is_decoder: false,
      is_encoder_decoder: false,
      add_cross_attention: false,
      pruned_heads: {},
      use_bfloat16: false,
    },
    ...{ use_cache: true, gradient_checkpointing: false, chunk_size_feed_forward: 16, transformers_version: "4.8.2" },
    ...{ torch_dtype: "float16", position_embedding_type: "absolute", directionality: "bidi", top_k: 50 },
  };
  assertEquals(architecture(harmless).parameters, architecture({}).parameters);
});

Deno.test("bert() exports a config that is true of the export alone", () => {
  const file: { [key: string]: Json } = {
    ...CONFIG,
    ...{ _name_or_path: "/home/someone/model", auto_map: { AutoModel: "code.py" }, transformers_version: "4.8.2" },
    ...{ num_labels: 2, id2label: { 0: "x", 1: "y" }, label2id: { x: 0, y: 1 }, finetuning_task: "rte" },
    ...{ torch_dtype: "float16", dtype: "bfloat16", architectures: ["BertModel"], use_cache: true },
    ...{ problem_type: "regression", tokenizer_class: "BertTokenizer", task_specific_params: null },
  };
  const labels = ["entailment", "neutral", "contradiction"];
  const model = bert({ source: "x", layers: 2 });
  const { config } = model.architecture(file, { kind: "classification", outputs: 3, labels });
  assertEquals(config, {
    ...CONFIG,
    use_cache: true,
    num_hidden_layers: 2,
    architectures: ["BertForSequenceClassification"],
    dtype: "float32",
    torch_dtype: "float32",
    problem_type: "single_label_classification",
    id2label: { 0: "entailment", 1: "neutral", 2: "contradiction" },
    label2id: { entailment: 0, neutral: 1, contradiction: 2 },
  });
  // What is exported can be read, and exports itself.
  assertEquals(
    bert({ source: "x" }).architecture(config, { kind: "classification", outputs: 3, labels }).config,
    config,
  );
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
