/**
 * Makes the practice model, `experiments/practice/model`: tokenizer and config from the practice grammar, weights by
 * masked language modeling (Devlin et al. 2019) on text of the same grammar, from random weights. From the root of this
 * tree:
 *
 *     deno run --allow-read --allow-write --allow-env --allow-ffi --allow-sys --allow-run --allow-net \
 *       tools/pretrain_practice.ts [FOLDER]
 *
 * The same seed gives the same weights on the same kind of machine.
 *
 * @module
 */
import { type EncodedExample, type NamedArrays, RandomKey, rateAt, untied, useEngine, Weights } from "@opf/framework";
import { bert, tensorflow } from "@opf/framework/plugins";
import { practiceModelFiles, practicePassage } from "@opf/framework/tasks";
import { fileURLToPath } from "node:url";
import { exists } from "../core/io/cache.ts";
import { initialize } from "../core/model/initialize.ts";
import { unreadTensors } from "../core/model/pretrained.ts";
import { writeSafetensors } from "../core/io/safetensors.ts";
import { loadTokenizer } from "../core/model/pretrained_tokenizer.ts";
import { collate } from "../core/training/batches.ts";
import { Stepper } from "../core/training/step.ts";
import { TRAINING_DEFAULTS } from "../core/training/settings.ts";
import { maskedLanguageModel } from "./_masked_language_model.ts";

const SEED = 1, STEPS = 1600, WARMUP = 100, BATCH_SIZE = 64, MAX_LENGTH = 24, LEARNING_RATE = 3e-3;
/** Share of the tokens that are masked; one in ten of these stays as it is and one in ten becomes another. */
const MASKED = 0.2;
/** The special tokens come first; the last of them is `[MASK]`. */
const SPECIAL = 5, MASK = 4;

const folder = Deno.args[0] ?? fileURLToPath(new URL("../experiments/practice/model", import.meta.url));
const started = performance.now();
const key = RandomKey.of(SEED);

await Deno.mkdir(folder, { recursive: true });
for (const [name, content] of Object.entries(practiceModelFiles())) {
  await Deno.writeTextFile(`${folder}/${name}`, content);
}
const file = async (name: string) => await exists(`${folder}/${name}`) ? `${folder}/${name}` : undefined;
const tokenizer = await loadTokenizer({ origin: folder, file }, { tokenizerClass: bert({ source: folder }).tokenizer });
const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
useEngine(await tensorflow.start({ note: say }));

const architecture = maskedLanguageModel(folder, config);
const weights = new Weights(
  architecture,
  new Map(
    untied(architecture.parameters).map((parameter) => [
      parameter.name,
      initialize(parameter.initial || !parameter.noWeightDecay ? parameter : { ...parameter, initial: "zeros" }, {
        key: key.fold(parameter.name),
        width: architecture.initializerRange,
      }),
    ]),
  ),
);
const stepper = new Stepper(weights, {
  optimizer: { ...TRAINING_DEFAULTS, learningRate: LEARNING_RATE },
  maxGradNorm: 1,
  isTrainable: ({ parameter: { name } }) => !/pooler|^classifier/.test(name),
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
const kept = [...weights.toDense()].filter(([name]) => !/^(cls|classifier)\./.test(name));
await writeSafetensors(
  `${folder}/model.safetensors`,
  unreadTensors(new Map(kept.map(([name, tensor]) => [name.replace(/^bert\./, ""), tensor]))),
);
say(`${folder}: pre-trained in ${seconds()} s.`);

/** The passages of a step, some of their tokens masked: labels and example mask are per token. */
function batch(step: number): NamedArrays {
  const examples = Array.from({ length: BATCH_SIZE }, (_, row): EncodedExample => {
    const index = step * BATCH_SIZE + row;
    return { ...tokenizer.encode(practicePassage(SEED, index), MAX_LENGTH), index, label: 0 };
  });
  const shape = { batchSize: BATCH_SIZE, maxLength: MAX_LENGTH, padId: tokenizer.padId };
  const arrays = collate(examples, { architecture, shape });
  const ids = arrays.inputIds!.values as Int32Array;
  const [isMasked, becomes, other] = [0, 1, 2].map((counter) =>
    key.fold("hidden").fold(step).uniforms(ids.length, counter)
  );
  const labels = Float32Array.from(ids), exampleMask = new Float32Array(ids.length);
  ids.forEach((id, index) => {
    if (id < SPECIAL || isMasked![index]! >= MASKED) return;
    exampleMask[index] = 1;
    const words = config.vocab_size - SPECIAL;
    if (becomes![index]! < 0.8) ids[index] = MASK;
    else if (becomes![index]! < 0.9) ids[index] = SPECIAL + Math.floor(words * other![index]!);
  });
  const perToken = (values: Float32Array) => ({ shape: [ids.length], values });
  return { ...arrays, labels: perToken(labels), exampleMask: perToken(exampleMask) };
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
