/**
 * Comparisons of a model with Transformers' on a fixture of `tests/peers/model_fixture.py`.
 *
 * @module
 */
import {
  type Architecture,
  batchTensors,
  type EncodedExample,
  type ForwardContext,
  type Head,
  type LanguageModel,
  type NamedTensors,
  RandomKey,
  tf,
  untied,
  Weights,
} from "@opf/framework";
import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { readSafetensors, type TensorFile } from "../../../core/io/safetensors.ts";
import { checkPretrained, loadPretrained } from "../../../core/model/pretrained.ts";

/** A batch, and what Transformers computed for it. */
export interface Fixture {
  readonly ids: number[][];
  readonly segments?: number[][];
  readonly mask: number[][];
  readonly labels?: number[];
  readonly logits: number[][];
  readonly loss: number;
  /** Where Transformers drops out, in order of calls: shapes over all tokens. */
  readonly places?: { shape: number[]; rate: number }[];
}

/** Folders of fixtures, and the folder whose weights each is computed with. */
export const CASES: readonly { readonly folder: string; readonly weights: string; readonly head: Head }[] = [
  { folder: "classification", weights: "classification", head: { kind: "classification", outputs: 3 } },
  { folder: "regression", weights: "regression", head: { kind: "regression", outputs: 1 } },
  { folder: "dropout", weights: "classification", head: { kind: "classification", outputs: 3 } },
];

/** The content of a JSON file. */
export const readJson = (path: string) => JSON.parse(Deno.readTextFileSync(path));

/** A model with the weights of a folder. */
export async function loadModel(model: LanguageModel, { folder, head }: { folder: string; head: Head }) {
  const architecture = model.architecture(readJson(`${folder}/config.json`), head);
  const key = RandomKey.of(1);
  const file = await readSafetensors(`${folder}/model.safetensors`);
  const weights = new Weights(architecture, loadPretrained(file, { architecture, key }));
  return { architecture, ...checkPretrained(file, { architecture }), weights };
}

/** The examples of a fixture. */
export const examplesOf = ({ ids, mask, segments, labels }: Fixture): EncodedExample[] =>
  ids.map((row, index) => {
    const isToken = (_: unknown, position: number) => mask[index]![position] === 1;
    const tokens = row.filter(isToken);
    const tokenTypeIds = segments?.[index]?.filter(isToken) ?? tokens.map(() => 0);
    return { index, label: labels?.[index] ?? 0, ids: tokens, tokenTypeIds };
  });

/** Examples as a batch of their own number, padded to a length. */
export function batchOf(
  architecture: Architecture,
  { examples, length, padId }: {
    readonly examples: readonly EncodedExample[];
    readonly length: number;
    readonly padId: number;
  },
): NamedTensors {
  return batchTensors(
    architecture.collate(examples, { batchSize: examples.length, length, targetLength: 0, padId }),
  );
}

/**
 * Holds logits (1e-5), loss (1e-5) and the gradient of every parameter (`1e-4 · ‖theirs‖ + 1e-7 · ‖all‖`) to those of
 * Transformers, and logits of each example alone, unpadded.
 */
export async function assertParity(
  model: LanguageModel,
  { fixtures, folder, weights: ofFolder, head, padId }: (typeof CASES)[number] & { fixtures: string; padId: number },
): Promise<void> {
  const fixture: Fixture = readJson(`${fixtures}/${folder}/batch.json`);
  const { missing, unexpected, weights } = await loadModel(model, { folder: `${fixtures}/${ofFolder}`, head });
  assertEquals([missing, unexpected], [[], []]);
  const architecture = model.architecture(readJson(`${fixtures}/${folder}/config.json`), head);
  const gradients = await readSafetensors(`${fixtures}/${folder}/gradients.safetensors`);
  tf.tidy(() => {
    const examples = examplesOf(fixture);
    const batch = batchOf(architecture, { examples, length: fixture.ids[0]!.length, padId });
    const reader = weights.structure.reader(weights.values);
    const assertLogits = (logits: tf.Tensor, expected: readonly number[][]) =>
      (logits.arraySync() as number[][]).forEach((row, index) =>
        row.forEach((logit, column) => assertLessOrEqual(Math.abs(logit - expected[index]![column]!), 1e-5))
      );
    if (!fixture.places) {
      assertLogits(architecture.outputs(reader, batch), fixture.logits);
      examples.forEach((example, index) => {
        const alone = batchOf(architecture, { examples: [example], length: example.ids.length, padId });
        assertLogits(architecture.outputs(reader, alone), [fixture.logits[index]!]);
      });
    }
    assertLossParity(weights, { architecture, batch, context: masksOf(fixture), loss: fixture.loss, gradients });
  });
  weights.dispose();
}

/**
 * Holds the mean loss (1e-5) and the gradient of every parameter (`1e-4 · ‖theirs‖ + 1e-7 · ‖all‖`) to those of Transformers.
 */
export function assertLossParity(
  weights: Weights,
  { architecture, batch, context, loss, gradients }: {
    readonly architecture: Architecture;
    readonly batch: NamedTensors;
    readonly context: ForwardContext;
    readonly loss: number;
    readonly gradients: TensorFile;
  },
): void {
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) =>
    tf.mean<tf.Scalar>(architecture.losses(weights.structure.reader(values), batch, context))
  )(weights.values);
  assertLess(Math.abs(value.dataSync()[0]! - loss), 1e-5 * Math.max(1, loss));
  const names = untied(architecture.parameters).map(({ name }) => name);
  assertEquals(names.toSorted(), [...gradients.entries.keys()].toSorted());
  const all = norm(names.map((name) => norm(gradients.tensor(name).values)));
  names.forEach((name, index) => {
    const [actual, expected] = [grads[index]!.dataSync(), gradients.tensor(name).values];
    assertEquals(actual.length, expected.length, name);
    const difference = norm(Array.from(expected, (value, element) => value - actual[element]!));
    assertLessOrEqual(difference, 1e-4 * norm(expected) + 1e-7 * all, name);
  });
}

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The mask of a call of dropout, as the fixtures' scripts draw it. */
export const keptByRule = (shape: number[], call: number): tf.Tensor =>
  tf.tensor(Array.from({ length: sizeOf(shape) }, (_, index) => (index * 7 + call * 3) % 11 > 2), shape, "bool");

/** The fixture's masks, for one pass; where only the first tokens are computed, theirs. */
function masksOf({ places }: Fixture): ForwardContext {
  if (!places) return {};
  let call = 0;
  const dropout = (shape: readonly number[], rate: number) => {
    const { shape: full, rate: expected } = places[call]!;
    assertEquals(rate, expected, `call ${call}`);
    const mask = keptByRule(full, call++);
    const tokens = sizeOf(shape) < sizeOf(full) ? 1 : full.at(-2)!;
    const sizes = full.map((size, axis) => axis === full.length - 2 ? tokens : size);
    return tf.reshape(tf.slice(mask, full.map(() => 0), sizes), [...shape]);
  };
  return { dropout };
}
