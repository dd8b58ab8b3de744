import { type ForwardContext, type Head, RandomKey, RequestError, type TextBatch, tf, Weights } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess, assertLessOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import { loadPretrained } from "../../../core/model/pretrained.ts";
import { readSafetensors } from "../../../core/io/safetensors.ts";

const FIXTURES = new URL("../../fixtures/bert/", import.meta.url).pathname;
const HEADS: readonly Head[] = [{ kind: "classification", outputs: 3 }, { kind: "regression", outputs: 1 }];

interface Fixture {
  readonly ids: number[][];
  readonly segments: number[][];
  readonly mask: number[][];
  readonly labels: number[];
  readonly logits: number[][];
  readonly loss: number;
  /** Where Transformers drops out, in order: shapes over all tokens. */
  readonly places?: { shape: number[]; rate: number }[];
}

const json = (path: string) => JSON.parse(Deno.readTextFileSync(`${FIXTURES}${path}`));

const batchOf = ({ ids, segments, mask, labels }: Fixture): TextBatch => ({
  inputIds: tf.tensor2d(ids, undefined, "int32"),
  tokenTypeIds: tf.tensor2d(segments, undefined, "int32"),
  attentionMask: tf.tensor2d(mask, undefined, "int32"),
  labels: tf.tensor1d(labels),
  exampleMask: tf.onesLike(tf.tensor1d(labels)),
});

async function load(head: Head, { layers, folder = head.kind }: { layers?: number; folder?: string } = {}) {
  const source = `${FIXTURES}${folder}`;
  const model = bert({ source, ...(layers !== undefined && { layers }) });
  const architecture = model.architecture(json(`${folder}/config.json`), head);
  const { tensors, missing, unexpected } = await loadPretrained(`${source}/model.safetensors`, {
    architecture,
    key: RandomKey.of(1),
  });
  return { architecture, missing, unexpected, weights: new Weights(architecture, tensors) };
}

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

/** Folders of fixtures, and the folder whose weights each is computed with. */
const CASES = [
  { folder: "classification", weights: "classification", head: HEADS[0]! },
  { folder: "regression", weights: "regression", head: HEADS[1]! },
  { folder: "dropout", weights: "classification", head: HEADS[0]! },
];

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The fixture's masks, for one pass; where only first tokens are computed, theirs. */
function masksOf({ places }: Fixture): ForwardContext {
  if (!places) return {};
  let place = 0;
  const dropout = (shape: readonly number[], rate: number) => {
    const { shape: full, rate: wanted } = places[place]!;
    assertEquals(rate, wanted, `place ${place}`);
    const kept = Array.from({ length: sizeOf(full) }, (_, at) => Number((at * 7 + place * 3) % 11 > 2));
    place++;
    const tokens = sizeOf(shape) < sizeOf(full) ? 1 : full.at(-2)!;
    const mask = tf.tensor(kept, full, "bool");
    const sizes = full.map((size, axis) => axis === full.length - 2 ? tokens : size);
    return tf.reshape(tf.slice(mask, full.map(() => 0), sizes), [...shape]);
  };
  return { dropout };
}

for (const { folder, weights: own, head } of CASES) {
  Deno.test(`bert() gives Transformers' logits, loss and gradients for ${folder}`, async () => {
    const fixture: Fixture = json(`${folder}/batch.json`);
    const { missing, unexpected, weights } = await load(head, { folder: own });
    const architecture = bert({ source: "x" }).architecture(json(`${folder}/config.json`), head);
    assertEquals([missing, unexpected], [[], []]);
    const theirs = await readSafetensors(`${FIXTURES}${folder}/gradients.safetensors`);
    assertEquals(architecture.parameters.map(({ name }) => name).toSorted(), [...theirs.entries.keys()].toSorted());
    tf.tidy(() => {
      const batch = batchOf(fixture);
      if (!fixture.places) {
        const logits = architecture.outputs(weights.structure.reader(weights.values), batch).arraySync() as number[][];
        logits.forEach((row, at) =>
          row.forEach((logit, column) => assertLessOrEqual(Math.abs(logit - fixture.logits[at]![column]!), 1e-5))
        );
      }
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
        tf.mean<tf.Scalar>(architecture.losses(weights.structure.reader(values), batch, masksOf(fixture)))
      )(weights.values);
      assertLess(Math.abs(value.dataSync()[0]! - fixture.loss), 1e-5 * Math.max(1, fixture.loss));
      const all = norm([...theirs.entries.keys()].map((name) => norm(theirs.tensor(name).values)));
      architecture.parameters.forEach(({ name }, at) => {
        const [ours, wanted] = [grads[at]!.dataSync(), theirs.tensor(name).values];
        assertEquals(ours.length, wanted.length, name);
        const difference = norm(Array.from(wanted, (value, index) => value - ours[index]!));
        assertLessOrEqual(difference, 1e-4 * norm(wanted) + 1e-7 * all, name);
      });
    });
    weights.dispose();
  });
}

Deno.test("bert({ layers }) keeps the first layers, in the model and in its config", async () => {
  const [head] = HEADS as [Head];
  const { architecture, unexpected, weights } = await load(head, { layers: 2 });
  assertEquals(unexpected, []); // the layers left out are not listed
  assertEquals(architecture.config.num_hidden_layers, 2);
  assertEquals(architecture.matrices.length, 12);
  assert(!architecture.parameters.some(({ name }) => name.includes("layer.2.")));
  // A model of two layers whose file has no more is the same.
  const small = bert({ source: "x" }).architecture(
    { ...json("classification/config.json"), num_hidden_layers: 2 },
    head,
  );
  tf.tidy(() => {
    const batch = batchOf(json("classification/batch.json"));
    const read = weights.structure.reader(weights.values);
    assertEquals(architecture.outputs(read, batch).arraySync(), small.outputs(read, batch).arraySync());
  });
  weights.dispose();
});

Deno.test("bert() drops out at every place of Transformers' model, and reads its first token's padding never", async () => {
  const [head] = HEADS as [Head];
  const { architecture, weights } = await load(head);
  const places: [readonly number[], number][] = [];
  tf.tidy(() => {
    const dropout = (shape: readonly number[], rate: number) => {
      places.push([shape, rate]);
      return tf.ones([...shape], "bool");
    };
    const batch = batchOf(json("classification/batch.json"));
    const read = weights.structure.reader(weights.values);
    const losses = (context: ForwardContext) => architecture.losses(read, batch, context).arraySync();
    const kept = losses({ dropout });
    // All kept, and scaled up by 1/(1 − rate) at each place: not what the model without dropout says.
    assert(Math.abs(kept[0]! - losses({})[0]!) > 1e-4);
    const padded = {
      ...batch,
      inputIds: tf.add(batch.inputIds, tf.sub(tf.scalar(1, "int32"), batch.attentionMask)) as tf.Tensor2D,
    };
    assertEquals(architecture.outputs(read, padded).arraySync(), architecture.outputs(read, batch).arraySync());
  });
  // Embeddings; attention weights, attention output and layer output of each layer; pooled output.
  assertEquals(places.length, 1 + 3 * 3 + 1);
  assert(places.every(([, rate]) => rate === 0.1));
  weights.dispose();
});

Deno.test("bert() refuses a config that it does not implement, with the key, what it expected and what it got", () => {
  const config = json("classification/config.json");
  const assertRefused = (change: object, message: string, layers?: number) => {
    const model = bert({ source: "x", ...(layers !== undefined && { layers }) });
    const error = assertThrows(() => model.architecture({ ...config, ...change }, HEADS[0]!), RequestError);
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

Deno.test("bert() knows its parameters by every name that files give them", () => {
  const { canonicalName } = bert({ source: "x", layers: 2 }).architecture(
    json("classification/config.json"),
    HEADS[0]!,
  );
  const names: Record<string, string | undefined> = {
    "bert.encoder.layer.1.output.dense.weight": "bert.encoder.layer.1.output.dense.weight",
    "encoder.layer.1.output.dense.weight": "bert.encoder.layer.1.output.dense.weight",
    "embeddings.LayerNorm.gamma": "bert.embeddings.LayerNorm.weight",
    "bert.encoder.layer.0.output.LayerNorm.beta": "bert.encoder.layer.0.output.LayerNorm.bias",
    "classifier.weight": "classifier.weight",
    "embeddings.position_ids": undefined,
    "bert.embeddings.position_ids": undefined,
    // Beyond the layers that are kept: the model has them not, and the file's are no surprise.
    "encoder.layer.2.output.dense.weight": undefined,
    "bert.encoder.layer.10.output.LayerNorm.gamma": undefined,
    // What is not BERT's stays as it is, to be listed as unexpected.
    "cls.predictions.bias": "cls.predictions.bias",
  };
  for (const [name, wanted] of Object.entries(names)) assertEquals(canonicalName(name), wanted, name);
});
