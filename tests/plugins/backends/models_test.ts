// Together: plugins/models/bart.ts, mpnet.ts and t5.ts on the engines of plugins/backends, against each other.
import { type Engine, type Head, type LanguageModel, RandomKey, tf, useEngine, Weights } from "@opf/framework";
import { bart, mpnet, t5, tensorflow, wasm, xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { readSafetensors } from "../../../core/io/safetensors.ts";
import { loadPretrained } from "../../../core/model/pretrained.ts";
import { jitWithBatch } from "../../../core/training/batch_function.ts";
import { readJson } from "../models/_parity.ts";

const engines = [await tensorflow.start(), await wasm.start(), await xla.start()];
useEngine(engines[0]!);

const FIXTURES = new URL("../../fixtures", import.meta.url).pathname;
const classes: Head = { kind: "classification", outputs: 3 };
const greedy: Head = { ...classes, answers: { maxLength: 5 } };
const rank: Head = { ...classes, answers: { maxLength: 5, candidates: [[20, 1], [20, 30, 4, 1]] } };
const CASES: Readonly<Record<string, { folder: string; model: LanguageModel; heads: readonly Head[] }>> = {
  bart: { folder: "bart/classification", model: bart({ source: "x", layers: 1 }), heads: [classes] },
  mpnet: { folder: "mpnet/classification", model: mpnet({ source: "x", layers: 1 }), heads: [classes] },
  t5: { folder: "t5/original", model: t5({ source: "x", layers: 1 }), heads: [greedy, rank] },
};

/** One step's loss and gradients, and the outputs for each head; one compiled function. */
async function compute(own: Engine, { folder, model, heads }: (typeof CASES)[string]): Promise<number[][]> {
  useEngine(own);
  try {
    const config = readJson(`${FIXTURES}/${folder}/config.json`);
    const { ids, mask, targets, labels } = readJson(`${FIXTURES}/${folder}/batch.json`);
    const architectures = heads.map((head) => model.architecture(config, head));
    const [architecture] = architectures as [typeof architectures[number]];
    const file = await readSafetensors(`${FIXTURES}/${folder}/model.safetensors`);
    const weights = new Weights(architecture, loadPretrained(file, { architecture, key: RandomKey.of(1) }));
    const examples = ids.map((row: number[], index: number) => {
      const tokens = row.filter((_, position) => mask[index][position] === 1);
      const target = targets?.[index].filter((id: number) => id >= 0);
      return {
        ...{ index, label: labels?.[index] ?? 0, ids: tokens, tokenTypeIds: tokens.map(() => 0) },
        ...(target && { targets: target }),
      };
    });
    const padId = typeof config.pad_token_id === "number" ? config.pad_token_id : 1;
    const batch = architecture.collate(examples, { batchSize: examples.length, length: 20, targetLength: 5, padId });
    const reader = (values: tf.Tensor[]) => weights.structure.reader(values);
    const run = jitWithBatch((values, batch) => {
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
        tf.mean<tf.Scalar>(architecture.losses(reader(values), batch, {}))
      )(values);
      return [value, ...grads, ...architectures.map(({ outputs }) => outputs(reader(values), batch))];
    }, { name: "models" });
    const results = tf.tidy(() => run(weights.values, batch).map((tensor) => [...tensor.dataSync()]));
    weights.dispose();
    return results;
  } finally {
    useEngine(engines[0]!);
  }
}

const norm = (values: readonly number[]) => Math.hypot(...values);

for (const [name, options] of Object.entries(CASES)) {
  Deno.test(`all backends compute the same loss, gradients and outputs of a ${name}`, async () => {
    const expected = await compute(engines[0]!, options);
    const others: number[][][] = [];
    for (const own of engines.slice(1)) others.push(await compute(own, options));
    const all = norm(expected.slice(1, -options.heads.length).map(norm));
    assert(all > 0);
    others.forEach((actual, engine) => {
      assertEquals(actual.map(({ length }) => length), expected.map(({ length }) => length));
      expected.forEach((values, at) => {
        const what = `${engines[engine + 1]!.name}, result ${at} of ${expected.length}`;
        const head = options.heads[at - expected.length + options.heads.length];
        if (head?.answers && !head.answers.candidates) return assertEquals(actual[at], values, what); // tokens
        const difference = norm(values.map((value, element) => value - actual[at]![element]!));
        assertLessOrEqual(difference, 1e-4 * norm(values) + 1e-6 * all, what);
      });
    });
  });
}
