import {
  type Architecture,
  type Conversion,
  type EncodedExample,
  type NamedArrays,
  RandomKey,
  tf,
  untied,
  Weights,
} from "@opf/framework";
import { mpo, taylor } from "@opf/framework/plugins";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../core/io/safetensors.ts";
import { batchTensors } from "../../core/model/batch.ts";
import { initialize } from "../../core/model/initialize.ts";
import { checkPretrained, loadPretrained, unreadTensors } from "../../core/model/pretrained.ts";
import { collate } from "../../core/training/batches.ts";
import { trainableBy } from "../../core/training/step_options.ts";
import { Evaluator } from "../../core/training/logits.ts";
import { ScoringPass } from "../../core/training/selection/importance_pass.ts";
import { TRAINING_DEFAULTS } from "../../core/training/settings.ts";
import { type StepOptions, Stepper } from "../../core/training/step.ts";
import { maskedLanguageModel } from "../../tools/_masked_language_model.ts";
import { distance, norm } from "../_tensors.ts";
import { CONFIG } from "../_tiny.ts";

const EMBEDDINGS = "bert.embeddings.word_embeddings.weight", DECODER = "cls.predictions.decoder.weight";
const SIZE = CONFIG.vocab_size * CONFIG.hidden_size;
const key = RandomKey.of(1);
const STILL = { ...CONFIG, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
const SHAPE = { batchSize: 4, maxLength: 8, padId: 0 };

const base = maskedLanguageModel("tiny", STILL);
/** The model whose embeddings may be decomposed. */
const tied: Architecture = {
  ...base,
  matrices: [...base.matrices, {
    name: EMBEDDINGS,
    kind: "embedding",
    module: "embeddings.word_embeddings",
    layer: 0,
    shape: [CONFIG.vocab_size, CONFIG.hidden_size],
  }],
};
/** The same model with a decoder of its own. */
const apart: Architecture = {
  ...base,
  parameters: base.parameters.map(({ tiedTo: _, ...parameter }) => parameter),
};

/** Weights that are equal for both models: a decoder of its own begins as a copy of the embeddings. */
function weightsOf(architecture: Architecture): Weights {
  const tensors = untied(architecture.parameters).map((parameter) => {
    const initial = parameter.initial ??
      (parameter.noWeightDecay ? parameter.name.endsWith("weight") ? "ones" : "zeros" : "normal");
    const name = parameter.name === DECODER ? EMBEDDINGS : parameter.name;
    return [parameter.name, initialize({ ...parameter, initial }, { key: key.fold(name), width: 0.2 })] as const;
  });
  return new Weights(architecture, new Map(tensors));
}

const EXAMPLES = Array.from({ length: 4 }, (_, index): EncodedExample => {
  const ids = [2, 5 + index, 7 + index, 9, 3].slice(0, 3 + index % 3);
  return { index, label: 0, ids, tokenTypeIds: ids.map(() => 0) };
});

/** Each token of the text predicts itself. */
function batch(examples = EXAMPLES): NamedArrays {
  const arrays = collate(examples, { architecture: base, shape: { ...SHAPE, batchSize: examples.length } });
  const ids = arrays.inputIds!.values;
  const perToken = (value: (id: number) => number) => ({
    shape: [ids.length],
    values: Float32Array.from(ids as Int32Array, value),
  });
  return { ...arrays, labels: perToken((id) => id), exampleMask: perToken((id) => id >= 5 ? 1 : 0) };
}

// With ε so large that Adam's first step is the gradient over ε, a step at a rate of ε subtracts the gradient.
const GRADIENT_STEPS: StepOptions = {
  optimizer: {
    ...TRAINING_DEFAULTS,
    weightDecay: 0,
    adamEpsilon: 1e6,
    learningRate: 1e6,
    factorLearningRate: 1e6,
  },
  maxGradNorm: 1e9,
  isTrainable: ({ parameter: { name } }) => !/pooler|^classifier/.test(name), // unused here
};

/** Gradients by parameter, as a step takes them. */
function gradients(architecture: Architecture, batches: readonly NamedArrays[]) {
  const weights = weightsOf(architecture);
  const stepper = new Stepper(weights, GRADIENT_STEPS);
  const before = weights.toDense();
  const { loss, gradientNorm } = stepper.step(batches, { key, rate: 1 });
  const after = weights.toDense();
  const moved = new Map([...before].map(([name, value]) => [name, tf.sub(value, after.get(name)!)]));
  tf.dispose([...before.values(), ...after.values()]);
  stepper.dispose();
  weights.dispose();
  return { loss, gradientNorm, moved };
}

Deno.test("a tied parameter is counted, stored and moved once", () => {
  const [once, twice] = [weightsOf(tied), weightsOf(apart)];
  assertEquals(twice.size - once.size, SIZE);
  assertEquals(twice.slots.length - once.slots.length, 1);
  const dense = once.toDense();
  assert(dense.has(EMBEDDINGS) && !dense.has(DECODER));
  tf.dispose([...dense.values()]);
  const trained = (pattern: string) =>
    once.slots.filter(trainableBy([pattern], once)).map(({ parameter }) => parameter.name);
  assertEquals(trained("cls.predictions.decoder.*"), [EMBEDDINGS]);
  assertEquals(trained("*word_embeddings*"), [EMBEDDINGS]);
  [once, twice].forEach((weights) => weights.dispose());
});

Deno.test("the gradient of a tied parameter is the sum of those of its uses, in one batch and in several", () => {
  for (const batches of [[batch()], [batch(EXAMPLES.slice(0, 2)), batch(EXAMPLES.slice(2))]]) {
    const [once, twice] = [gradients(tied, batches), gradients(apart, batches)];
    assertAlmostEquals(once.loss, twice.loss, 1e-5);
    assertEquals(twice.moved.size - once.moved.size, 1);
    tf.tidy(() => {
      const [embedding, decoder] = [twice.moved.get(EMBEDDINGS)!, twice.moved.get(DECODER)!];
      for (const use of [embedding, decoder]) assertGreater(norm(use), 1e-2);
      assertLess(distance(once.moved.get(EMBEDDINGS)!, tf.add(embedding, decoder)), 1e-4);
      const others = [...once.moved].filter(([name]) => name !== EMBEDDINGS);
      const [ours, theirs] = [others.map(([, value]) => value), others.map(([name]) => twice.moved.get(name)!)];
      const flat = (tensors: tf.Tensor[]) => tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));
      assertLess(distance(flat(ours), flat(theirs)), 1e-4);
      const norms = [...once.moved.values()].map(norm);
      assertAlmostEquals(once.gradientNorm, Math.hypot(...norms), 1e-4 * once.gradientNorm);
    });
    tf.dispose([...once.moved.values(), ...twice.moved.values()]);
  }
});

Deno.test("factorizing a tied matrix once serves both of its uses, in training and merged", async () => {
  const weights = weightsOf(tied);
  const options = { examples: EXAMPLES, throwIfInterrupted: () => Promise.resolve() };
  const before = weights.toDense();
  const dense = Evaluator.dense(tied, SHAPE);
  const expected = await dense.logits([...before.values()], options);
  const [{ size }] = weights.factorize([EMBEDDINGS], { decomposition: mpo({ tensors: 3 }), key }) as [Conversion];
  assertEquals(weights.slots.filter(({ factor }) => factor !== undefined).length, 3);
  const stepper = new Stepper(weights, { ...GRADIENT_STEPS, optimizer: TRAINING_DEFAULTS });
  const logits = async () => await Evaluator.factorized(weights, SHAPE).logits(weights.values, options);
  const near = (a: typeof expected, b: typeof expected) =>
    a.flat(2).forEach((value, index) => assertAlmostEquals(value, b.flat(2)[index]!, 1e-4));
  near(await logits(), expected);
  for (const batches of [[batch()], [batch(), batch()]]) stepper.step(batches, { key, rate: 1 });
  const after = weights.toDense();
  near(await logits(), await dense.logits([...after.values()], options));
  assertEquals(after.get(EMBEDDINGS)!.size, SIZE);
  assert(size !== SIZE && weights.size === [...after.values()].reduce((sum, { size }) => sum + size, 0) - SIZE + size);
  tf.dispose([...before.values(), ...after.values()]);
  stepper.dispose();
  weights.dispose();
});

Deno.test("scores use the total gradient of a tied matrix", async () => {
  const weights = weightsOf(tied);
  const architecture = { ...tied, collate: () => batch() };
  const pass = new ScoringPass({
    weights: { architecture },
    values: weights.toDense(),
    examples: EXAMPLES,
    shape: SHAPE,
    matrices: tied.matrices,
    key,
    afterBatch: () => Promise.resolve(),
  });
  const scores = await taylor().score(pass);
  const found = (await pass.gradients()).get(EMBEDDINGS)!;
  const { moved } = gradients(tied, [batch()]);
  // The mean over the batch's tokens, weighted by its share of four examples.
  const count = batch().exampleMask.values.filter((value) => value === 1).length;
  tf.tidy(() => assertLess(distance(found, tf.mul(moved.get(EMBEDDINGS)!, count / EXAMPLES.length)), 1e-4));
  assertGreater(scores.get(EMBEDDINGS)!, 0);
  tf.dispose([...moved.values()]);
  pass.dispose();
  weights.dispose();
});

Deno.test("a tied value is written once, and read under either name", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/model.safetensors`;
  const weights = weightsOf(tied);
  const dense = weights.toDense();
  const values = dense.get(EMBEDDINGS)!.dataSync();
  try {
    await writeSafetensors(path, unreadTensors(dense));
    const file = await readSafetensors(path);
    // Transformers writes the embeddings and the decoder's bias, not its weight, and ties on loading.
    assert(file.entries.has(EMBEDDINGS) && file.entries.has("cls.predictions.bias") && !file.entries.has(DECODER));
    const tensors = unreadTensors(dense);
    const under = async (names: readonly string[]) => {
      const named = [...tensors].flatMap(([name, tensor]) =>
        name === EMBEDDINGS ? names.map((other) => [other, tensor] as const) : [[name, tensor] as const]
      );
      await writeSafetensors(path, new Map(named));
      const file = await readSafetensors(path);
      const { missing, unexpected } = checkPretrained(file, { architecture: tied });
      assertEquals([missing, unexpected], [[], []], names.join());
      const loaded = loadPretrained(file, { architecture: tied, key });
      assertEquals(loaded.get(EMBEDDINGS)!.dataSync(), values);
      assertEquals(loaded.size, dense.size);
      tf.dispose([...loaded.values()]);
    };
    for (const names of [[EMBEDDINGS], [DECODER], [EMBEDDINGS, DECODER], [DECODER, EMBEDDINGS]]) await under(names);
  } finally {
    tf.dispose([...dense.values()]);
    weights.dispose();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a masked language model learns by both uses, and both stay one", () => {
  const weights = weightsOf(tied);
  const stepper = new Stepper(weights, { ...GRADIENT_STEPS, optimizer: { ...TRAINING_DEFAULTS, learningRate: 1e-2 } });
  const losses = Array.from(
    { length: 20 },
    (_, step) => stepper.step([batch()], { key: key.fold(step), rate: 1 }).loss,
  );
  assertLess(losses.at(-1)!, 0.5 * losses[0]!);
  tf.tidy(() => {
    const read = weights.structure.reader(weights.values);
    assertEquals(read(DECODER), read(EMBEDDINGS));
    assertEquals(base.outputs(read, batchTensors(batch())).shape, [4 * 8, CONFIG.vocab_size]);
  });
  stepper.dispose();
  weights.dispose();
});
