import { type EncodedExample, type Head, type Json, type LanguageModel, RequestError, tf } from "@opf/framework";
import { batchTensors, RandomKey, Weights } from "@opf/framework";
import { bart, bert, mpnet, t5 } from "@opf/framework/plugins";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { readSafetensors } from "../../../core/io/safetensors.ts";
import { loadPretrained } from "../../../core/model/pretrained.ts";
import { readJson } from "./_parity.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;
const CLASSIFICATION: Head = { kind: "classification", outputs: 3 };
const ANSWERS: Head = { kind: "classification", outputs: 2, answers: { maxLength: 7 } };

/** What one value of one key changes in Transformers' model. */
interface Row {
  readonly model: string;
  readonly folder: string;
  readonly key: string;
  readonly value: Json;
  readonly parameters: number;
  /** With the fixture's weights, where they fit. */
  readonly loss?: number;
}

const MODELS: Readonly<Record<string, { readonly model: LanguageModel; readonly head: Head; readonly padId: number }>> =
  {
    "bert": { model: bert({ source: "x" }), head: CLASSIFICATION, padId: 0 },
    "mpnet": { model: mpnet({ source: "x" }), head: CLASSIFICATION, padId: 1 },
    "bart": { model: bart({ source: "x" }), head: CLASSIFICATION, padId: 1 },
    "t5": { model: t5({ source: "x" }), head: ANSWERS, padId: 0 },
  };

const rows: readonly Row[] = readJson(`${FIXTURES}config_keys.json`);

function examplesOf(folder: string): EncodedExample[] {
  const { ids, mask, segments, labels, targets } = readJson(`${FIXTURES}${folder}/batch.json`);
  return (ids as number[][]).map((row, index) => {
    const isToken = (_: number, position: number) => mask[index][position] === 1;
    const tokens = row.filter(isToken);
    return {
      index,
      label: labels?.[index] ?? 0,
      ids: tokens,
      tokenTypeIds: segments?.[index].filter(isToken) ?? tokens.map(() => 0),
      ...(targets && { targets: targets[index].filter((id: number) => id >= 0) }),
    };
  });
}

/** The parameters of the changed model, and its loss with the fixture's weights where a loss is expected. */
async function changed({ model: name, folder, key, value, loss }: Row): Promise<Pick<Row, "parameters" | "loss">> {
  const { model, head, padId } = MODELS[name]!;
  const config = readJson(`${FIXTURES}${folder}/config.json`);
  const architecture = model.architecture({ ...config, [key]: value }, head);
  const parameters = architecture.parameters.filter(({ tiedTo }) => tiedTo === undefined)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (loss === undefined) return { parameters };
  const file = await readSafetensors(`${FIXTURES}${folder}/model.safetensors`);
  const weights = new Weights(architecture, loadPretrained(file, { architecture, key: RandomKey.of(1) }));
  const examples = examplesOf(folder);
  const length = Math.max(...examples.map(({ ids }) => ids.length));
  const bucket = { batchSize: examples.length, length, targetLength: 5, padId };
  const batch = batchTensors(architecture.collate(examples, bucket));
  const mean = tf.tidy(() =>
    tf.mean(architecture.losses(weights.structure.reader(weights.values), batch, {})).dataSync()[0]!
  );
  weights.dispose();
  tf.dispose(batch);
  return { parameters, loss: mean };
}

for (const name of Object.keys(MODELS)) {
  Deno.test(`each key of a config of a ${name} changes what it changes in Transformers, or is refused`, async () => {
    const refused = new Set<string>(), accepted = new Set<string>();
    for (const row of rows.filter(({ model }) => model === name)) {
      const what = `${row.key}: ${JSON.stringify(row.value)}`;
      const actual = await changed(row).catch((error) => {
        assert(error instanceof RequestError, `${what}: ${error.stack}`);
        assertStringIncludes(error.message, row.key, what);
      });
      (actual ? accepted : refused).add(row.key);
      if (!actual) continue;
      assertEquals(actual.parameters, row.parameters, what);
      if (row.loss !== undefined) {
        assertLessOrEqual(Math.abs(actual.loss! - row.loss), 1e-5 * Math.max(1, row.loss), what);
      }
    }
    // So that not all is refused.
    assert(accepted.size > refused.size, `accepted: ${[...accepted]}; refused: ${[...refused]}`);
  });
}
