import {
  type Architecture,
  batchTensors,
  type EncodedExample,
  type ForwardContext,
  generatesText,
  type Head,
  headPredictions,
  type NamedTensors,
  RandomKey,
  RequestError,
  tf,
  Weights,
} from "@opf/framework";
import { mpo, t5 } from "@opf/framework/plugins";
import { assert, assertAlmostEquals, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { readSafetensors, type StoredTensor, type TensorFile } from "../../../core/io/safetensors.ts";
import { checkPretrained, loadPretrained } from "../../../core/model/pretrained.ts";
import { decode, encode, vocabularyLogits } from "../../../plugins/models/_t5/stack.ts";
import { readT5Config } from "../../../plugins/models/_t5/parameters.ts";
import { assertLossParity, keptByRule, readJson } from "./_parity.ts";

const FIXTURES = new URL("../../fixtures/t5", import.meta.url).pathname;
const HEAD: Head = { kind: "classification", outputs: 2, answers: { maxLength: 7 } };

interface Fixture {
  readonly ids: number[][];
  readonly mask: number[][];
  /** Padded with −100. */
  readonly targets: number[][];
  readonly loss: number;
  readonly logits: number[][][];
  readonly generated: number[][];
  readonly places?: { shape: number[]; rate: number }[];
}

async function load(folder: string, layers?: number) {
  const config = readJson(`${FIXTURES}/${folder}/config.json`);
  const model = t5({ source: "x", ...(layers !== undefined && { layers }) });
  const architecture = model.architecture(config, HEAD);
  const file = await readSafetensors(`${FIXTURES}/${folder}/model.safetensors`);
  const { missing, unexpected } = checkPretrained(file, { architecture });
  assertEquals([missing, unexpected], [[], []]);
  const weights = new Weights(architecture, loadPretrained(file, { architecture, key: RandomKey.of(1) }));
  return { config, architecture, weights, fixture: readJson(`${FIXTURES}/${folder}/batch.json`) as Fixture };
}

const examplesOf = ({ ids, mask, targets }: Fixture): EncodedExample[] =>
  ids.map((row, index) => {
    const tokens = row.filter((_, position) => mask[index]![position] === 1);
    const target = targets[index]!.filter((id) => id >= 0);
    return { index, label: 0, ids: tokens, tokenTypeIds: tokens.map(() => 0), targets: target };
  });

const batchOf = (
  architecture: Architecture,
  { examples, length, targetLength }: { examples: EncodedExample[]; length: number; targetLength: number },
) => batchTensors(architecture.collate(examples, { batchSize: examples.length, length, targetLength, padId: 0 }));

Deno.test("a loss of t5() is the same in a part of the batch, though targets differ in length", async () => {
  const { architecture, weights, fixture } = await load("original");
  tf.tidy(() => {
    const examples = examplesOf(fixture);
    assert(new Set(examples.map(({ targets }) => targets!.length)).size > 1);
    const batch = batchOf(architecture, { examples, length: 20, targetLength: 5 });
    const losses = (batch: NamedTensors) =>
      architecture.losses(weights.structure.reader(weights.values), batch, {}).arraySync();
    const whole = losses(batch);
    examples.forEach((_, row) => {
      const part = Object.entries(batch).map(([name, tensor]) => [name, tf.slice(tensor, row, 1)] as const);
      assertAlmostEquals(losses(Object.fromEntries(part))[0]!, whole[row]!, 1e-5);
    });
  });
  weights.dispose();
});

for (const folder of ["original", "v1_1", "dropout"]) {
  Deno.test(`t5() gives Transformers' logits, loss and gradients for ${folder}`, async () => {
    const { config, architecture, weights, fixture } = await load(folder);
    const gradients = await readSafetensors(`${FIXTURES}/${folder}/gradients.safetensors`);
    tf.tidy(() => {
      const examples = examplesOf(fixture);
      const batch = batchOf(architecture, { examples, length: 20, targetLength: 5 });
      if (!fixture.places) {
        const parameter = weights.structure.reader(weights.values);
        const context = { config: readT5Config(config), parameter, draw: () => undefined, batch: examples.length };
        const mask = tf.reshape(tf.cast(batch.attentionMask!, "bool"), [4, 1, 1, 20]);
        const encoded = encode(context, { ids: batch.inputIds as tf.Tensor2D, mask });
        const logits = vocabularyLogits(context, decode(context, batch.decoderInputIds as tf.Tensor2D, encoded));
        const expected = tf.reshape(tf.tensor(fixture.logits), logits.shape);
        const isTarget = tf.reshape(batch.targetMask!, [-1, 1]); // what comes after a target is not read
        assertLess(tf.max(tf.mul(isTarget, tf.abs(tf.sub(logits, expected)))).dataSync()[0]!, 1e-5);
      }
      let call = 0;
      const dropout = (shape: readonly number[], rate: number) => {
        const { shape: full, rate: expected } = fixture.places![call]!;
        assertEquals(rate, expected);
        return tf.reshape(keptByRule(full, call++), [...shape]);
      };
      const context: ForwardContext = fixture.places ? { dropout } : {};
      assertLossParity(weights, { architecture, batch, context, loss: fixture.loss, gradients });
      if (fixture.places) assertEquals(call, fixture.places.length);
    });
    weights.dispose();
  });

  Deno.test(`t5() generates Transformers' tokens for ${folder}, padded and alone`, async () => {
    const { architecture, weights, fixture } = await load(folder);
    tf.tidy(() => {
      const examples = examplesOf(fixture).map(({ targets: _, ...example }) => example);
      const parameter = weights.structure.reader(weights.values);
      const generate = (examples: EncodedExample[], length: number) =>
        architecture.outputs(parameter, batchOf(architecture, { examples, length, targetLength: 0 })).arraySync();
      assertEquals(generate(examples, 24), fixture.generated as never);
      examples.forEach((example, index) =>
        assertEquals(generate([example], example.ids.length), [fixture.generated[index]] as never)
      );
    });
    weights.dispose();
  });
}

for (const folder of ["original", "v1_1"]) {
  Deno.test(`t5() gives candidates their total log-probability for ${folder}, padded and alone`, async () => {
    const { config, weights, fixture } = await load(folder);
    const { candidates, scores }: { candidates: number[][]; scores: number[][] } = readJson(
      `${FIXTURES}/${folder}/rank.json`,
    );
    const head: Head = { kind: "classification", outputs: 3, answers: { maxLength: 4, candidates } };
    const architecture = t5({ source: "x" }).architecture(config, head);
    const parameter = weights.structure.reader(weights.values);
    tf.tidy(() => {
      const examples = examplesOf(fixture);
      const rank = (examples: EncodedExample[], length: number) =>
        architecture.outputs(parameter, batchOf(architecture, { examples, length, targetLength: 0 }))
          .arraySync() as number[][];
      const assertScores = (actual: number[][], expected: number[][]) =>
        expected.forEach((row, index) =>
          row.forEach((score, candidate) => assertLess(Math.abs(actual[index]![candidate]! - score), 2e-5))
        );
      const together = examples.map(({ targets: _, ...example }) => example);
      assertScores(rank(together, 20), scores);
      together.forEach((example, index) => assertScores(rank([example], example.ids.length), [scores[index]!]));
      const likeliest = scores.map((row) => row.indexOf(Math.max(...row)));
      assert(new Set(likeliest).size > 1);
      assertEquals(headPredictions(rank(together, 20), head), likeliest);
    });
    weights.dispose();
  });
}

Deno.test("of equally likely words the first is the answer, and no score is a text", () => {
  const head: Head = { kind: "classification", outputs: 2, answers: { maxLength: 4, candidates: [[5, 1], [6, 1]] } };
  assertEquals(headPredictions([[-1.5, -1.5], [-2, -1.5]], head), [0, 1]);
  assert(!generatesText(head) && generatesText(HEAD));
});

Deno.test("t5() refuses answers that are longer than its decoder's limit", () => {
  const config = { ...readJson(`${FIXTURES}/original/config.json`), n_positions: 6 };
  const { message } = assertThrows(() => t5({ source: "x" }).architecture(config, HEAD), RequestError);
  assertStringIncludes(message, 'at most 6 tokens ("n_positions" of config.json), got a task with a maxLength of 7');
});

Deno.test("t5() ties its embeddings, or has logits of its own, as the config says", async () => {
  for (const [folder, expected] of [["original", ["shared.weight"]], ["v1_1", ["shared.weight", "lm_head.weight"]]]) {
    const { weights } = await load(folder as string);
    const tables = weights.slots.filter(({ shape }) => shape[0] === 50).map(({ parameter }) => parameter.name);
    assertEquals(tables, expected as string[]);
    weights.dispose();
  }
});

Deno.test("a t5() takes a file with tied values under several names, and refuses one where they differ", async () => {
  const { architecture, weights } = await load("original");
  const file = await readSafetensors(`${FIXTURES}/original/model.safetensors`);
  const shared = file.tensor("shared.weight");
  const withCopy = (name: string, values: StoredTensor["values"]): TensorFile => ({
    ...file,
    entries: new Map([...file.entries, [name, { dtype: "F32", shape: shared.shape }]]),
    tensor: (asked) => asked === name ? { ...shared, values } : file.tensor(asked),
  });
  for (const name of ["lm_head.weight", "decoder.embed_tokens.weight"]) {
    const { missing, unexpected } = checkPretrained(withCopy(name, shared.values), { architecture });
    assertEquals([missing, unexpected], [[], []]);
    const other = shared.values.map((value, index) => index === 77 ? value + 1 : value) as Float32Array;
    const { message } = assertThrows(() => checkPretrained(withCopy(name, other), { architecture }), RequestError);
    assertStringIncludes(message, `expected the same values in "shared.weight" and "${name}"`);
  }
  weights.dispose();
});

Deno.test("factorizing every matrix of a t5(), cross-attention included, leaves tied values alone and changes no output", async () => {
  const { architecture, weights, fixture } = await load("original");
  tf.tidy(() => {
    const examples = examplesOf(fixture);
    const batch = batchOf(architecture, { examples, length: 20, targetLength: 5 });
    const loss = () => {
      const losses = architecture.losses(weights.structure.reader(weights.values), batch, {});
      return tf.mean(losses).dataSync()[0]!;
    };
    const generate = () => architecture.outputs(weights.structure.reader(weights.values), batch).arraySync();
    const [before, tokens] = [loss(), generate()];
    const names = architecture.matrices.map(({ name }) => name);
    assertEquals([names.length, new Set(names).size], [2 * 6 + 3 * 10, names.length]);
    assertEquals(names.filter((name) => name.includes("EncDecAttention")).length, 3 * 4);
    const tied = new Set(architecture.parameters.flatMap(({ name, tiedTo }) => tiedTo ? [name, tiedTo] : []));
    assert(tied.size > 1 && !names.some((name) => tied.has(name)));
    weights.factorize(names, { decomposition: mpo({ tensors: 3 }), key: RandomKey.of(2) });
    assert(weights.slots.length > architecture.parameters.length);
    assertLess(Math.abs(loss() - before), 1e-4);
    assertEquals(generate(), tokens);
    const merged = weights.toDense();
    assert([...merged.keys()].every((name) => name === "shared.weight" || !tied.has(name)));
  });
  weights.dispose();
});

Deno.test("t5({ layers }) keeps the first layers of each stack, in the model and in its config", async () => {
  const { architecture, weights } = await load("original", 1);
  assertEquals([architecture.config.num_layers, architecture.config.num_decoder_layers], [1, 1]);
  assertEquals(architecture.matrices.length, 6 + 10);
  assert(!architecture.parameters.some(({ name }) => name.includes("block.1.")));
  weights.dispose();
});

Deno.test("t5() refuses what it does not implement, with the key, what it expected and what it got", () => {
  const config = readJson(`${FIXTURES}/original/config.json`);
  const refuse = (change: object, head: Head = HEAD) =>
    assertThrows(() => t5({ source: "x" }).architecture({ ...config, ...change }, head), RequestError).message;
  assertStringIncludes(refuse({ model_type: "mt5" }), '"model_type": expected "t5"');
  assertStringIncludes(refuse({ feed_forward_proj: "gated-swish" }), '"feed_forward_proj": expected one of');
  assertStringIncludes(
    refuse({ feed_forward_proj: "gated-gelu", dense_act_fn: "gelu" }),
    '"dense_act_fn": expected "gelu_new"',
  );
  assertStringIncludes(refuse({ relative_attention_num_buckets: 7 }), "expected an even number, got 7");
  assertStringIncludes(refuse({ decoder_start_token_id: undefined }), '"decoder_start_token_id": expected number');
  for (const key of ["pad_token_id", "eos_token_id", "decoder_start_token_id"]) {
    assertStringIncludes(refuse({ [key]: 50 }), `"${key}": expected an id below 50, as "vocab_size" says, got 50`);
  }
  // A bucket of the distance 0/0 else.
  for (const relative_attention_max_distance of [1, 4]) {
    assertStringIncludes(
      refuse({ relative_attention_num_buckets: 8, relative_attention_max_distance }),
      '"relative_attention_max_distance": expected more than 4, half of "relative_attention_num_buckets", got ',
    );
  }
  assertStringIncludes(refuse({}, { kind: "classification", outputs: 2 }), "A T5 answers in words");
});

Deno.test("t5() refuses a target of more tokens than it generates", () => {
  const architecture = t5({ source: "x" }).architecture(readJson(`${FIXTURES}/original/config.json`), HEAD);
  const collate = (count: number) => {
    const targets = [...Array(count - 1).fill(5), 1];
    const example = { index: 6, label: 0, ids: [5, 1], tokenTypeIds: [0, 0], targets };
    return architecture.collate([example], { batchSize: 1, length: 2, targetLength: 8, padId: 0 });
  };
  collate(7);
  const { message } = assertThrows(() => collate(8), RequestError);
  assertStringIncludes(message, "Example 6: expected a target of at most 7 tokens (the task's maxLength), got 8.");
});

Deno.test("t5() refuses a target that does not end", async () => {
  const { architecture, weights } = await load("original");
  const example = { index: 6, label: 0, ids: [5, 1], tokenTypeIds: [0, 0], targets: [5] };
  const { message } = assertThrows(() => batchOf(architecture, { examples: [example], length: 2, targetLength: 1 }));
  assertStringIncludes(message, "Example 6: expected a target that ends with the token 1");
  weights.dispose();
});

Deno.test("t5() recognizes its parameters by every name that files give them", () => {
  const config = readJson(`${FIXTURES}/original/config.json`);
  const { canonicalName } = t5({ source: "x", layers: 1 }).architecture(config, HEAD);
  const names: Record<string, string | undefined> = {
    "shared.weight": "shared.weight",
    "transformer.shared.weight": "shared.weight",
    "decoder.block.0.layer.1.EncDecAttention.q.weight": "decoder.block.0.layer.1.EncDecAttention.q.weight",
    "transformer.encoder.block.0.layer.1.DenseReluDense.wi.weight": "encoder.block.0.layer.1.DenseReluDense.wi.weight",
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": undefined, // never read
    "decoder.block.1.layer.2.DenseReluDense.wo.weight": undefined, // of a layer that is not kept
    "encoder.block.10.layer.0.SelfAttention.q.weight": undefined,
    "lm_head.weight": "lm_head.weight",
  };
  for (const [name, expected] of Object.entries(names)) assertEquals(canonicalName(name), expected, name);
});
