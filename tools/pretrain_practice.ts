/**
 * Makes the practice model, `experiments/practice/model`: tokenizer and config from the practice grammar, weights by
 * masked language modelling (Devlin et al. 2019) on text of the same grammar, from random weights. From the root of this
 * tree:
 *
 *     deno run --allow-read --allow-write --allow-env --allow-ffi --allow-sys --allow-run --allow-net \
 *       tools/pretrain_practice.ts [FOLDER]
 *
 * The same seed gives the same weights on the same kind of machine.
 *
 * @module
 */
import { type Architecture, RandomKey, rateAt, tf, useEngine, Weights } from "@opf/framework";
import { bert, bertStates, tensorflow } from "@opf/framework/plugins";
import { practiceModelFiles, practicePassage } from "@opf/framework/tasks";
import { fileURLToPath } from "node:url";
import { exists } from "../core/io/cache.ts";
import { initialize, stored } from "../core/model/pretrained.ts";
import { writeSafetensors } from "../core/io/safetensors.ts";
import { loadTokenizer } from "../core/model/tokenizer.ts";
import { batchOf, type EncodedExample } from "../core/training/batches.ts";
import { Stepper } from "../core/training/step.ts";
import { TRAINING_DEFAULTS } from "../core/training/settings.ts";

const SEED = 1, STEPS = 1600, WARMUP = 100, LINES = 64, LONGEST = 24, RATE = 3e-3;
/** Part of the tokens that are hidden; of these one in ten stays as it is and one in ten becomes another. */
const HIDDEN = 0.2;
/** The special tokens come first; the last of them hides others. */
const SPECIAL = 5, MASK = 4;

const folder = Deno.args[0] ?? fileURLToPath(new URL("../experiments/practice/model", import.meta.url));
const started = performance.now();
const key = RandomKey.of(SEED);

await Deno.mkdir(folder, { recursive: true });
for (const [name, content] of Object.entries(practiceModelFiles())) {
  await Deno.writeTextFile(`${folder}/${name}`, content);
}
const file = async (name: string) => await exists(`${folder}/${name}`) ? `${folder}/${name}` : undefined;
const tokenizer = await loadTokenizer({ origin: folder, file });
const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
useEngine(await tensorflow.start({ note: say }));

const architecture = maskedLanguageModel();
const weights = new Weights(
  architecture,
  new Map(architecture.parameters.map((parameter) => [
    parameter.name,
    initialize(parameter.initial || !parameter.noWeightDecay ? parameter : { ...parameter, initial: "zeros" }, {
      key: key.fold(parameter.name),
      width: architecture.initializerRange,
    }),
  ])),
);
const stepper = new Stepper(weights, {
  head: { kind: "classification", outputs: config.vocab_size },
  optimizer: { ...TRAINING_DEFAULTS, learningRate: RATE },
  maxGradNorm: 1,
  trains: ({ parameter: { name } }) => !/pooler|^classifier/.test(name),
});
let loss = 0;
for (let step = 0; step < STEPS; step++) {
  const rate = rateAt(step, { warmupSteps: WARMUP, totalSteps: STEPS });
  loss += stepper.step([batch(step)], { key: key.fold(step), rate }).loss;
  if ((step + 1) % 100 === 0) {
    say(`step ${step + 1}/${STEPS}, loss ${(loss / 100).toFixed(3)}, ${seconds()} s`);
    loss = 0;
  }
}
const kept = new Map(
  architecture.parameters.flatMap(({ name }) =>
    /^(mlm|classifier)\./.test(name) ? [] : [[name.replace(/^bert\./, ""), weights.mergedValue(name)]]
  ),
);
await writeSafetensors(`${folder}/model.safetensors`, stored(kept));
say(`${folder}: pre-trained in ${seconds()} s.`);

/** BERT with a word for each token as its outputs, `[lines · length, words]`: the embeddings, used the other way round. */
function maskedLanguageModel(): Architecture {
  const base = bert({ source: folder }).architecture(config, { kind: "classification", outputs: 1 });
  return {
    ...base,
    parameters: [...base.parameters, {
      name: "mlm.bias",
      shape: [config.vocab_size],
      noWeightDecay: true,
      initial: "zeros",
    }],
    forward: (parameter, batch, context) =>
      tf.add(
        tf.matMul(
          bertStates(config, parameter, { batch, context }) as tf.Tensor2D,
          parameter("bert.embeddings.word_embeddings.weight") as tf.Tensor2D,
          false,
          true,
        ),
        parameter("mlm.bias"),
      ),
  };
}

/** The passages of a step, some of their tokens hidden: labels and weights stand for tokens, not for lines. */
function batch(step: number) {
  const examples = Array.from({ length: LINES }, (_, line): EncodedExample => {
    const index = step * LINES + line;
    return { ...tokenizer.encode(practicePassage(SEED, index), LONGEST), index, label: 0 };
  });
  const made = batchOf(examples, { lines: LINES, maxLength: LONGEST, padId: tokenizer.padId });
  const [isHidden, becomes, other] = [0, 1, 2].map((place) =>
    key.fold("hidden").fold(step).uniforms(made.inputIds.length, place)
  );
  const labels = Float32Array.from(made.inputIds), chosen = new Float32Array(labels.length);
  made.inputIds.forEach((id, at) => {
    if (id < SPECIAL || isHidden![at]! >= HIDDEN) return;
    chosen[at] = 1;
    const words = config.vocab_size - SPECIAL;
    if (becomes![at]! < 0.8) made.inputIds[at] = MASK;
    else if (becomes![at]! < 0.9) made.inputIds[at] = SPECIAL + Math.floor(words * other![at]!);
  });
  return { ...made, labels, weights: chosen };
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
