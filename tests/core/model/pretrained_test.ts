import { RandomKey, RequestError, tf } from "@opf/framework";
import { bert, folder as folderSource } from "@opf/framework/plugins";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkPretrained, initialize, loadPretrained, weightsFile } from "../../../core/model/pretrained.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../../../core/io/safetensors.ts";
import { CONFIG, writeTinyModel } from "../../_tiny.ts";

const architecture = bert({ source: "tiny" }).architecture(CONFIG, { kind: "classification", outputs: 3 });
const key = RandomKey.of(1);

/** The tiny model's file with some tensors changed, renamed or left out. */
async function withWeights<T>(
  change: (tensors: Map<string, StoredTensor>) => void,
  use: (path: string, original: Map<string, StoredTensor>) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyModel(folder);
    const path = `${folder}/model.safetensors`;
    const file = await readSafetensors(path);
    const tensors = new Map([...file.entries.keys()].map((name) => [name, file.tensor(name)]));
    const original = new Map(tensors);
    change(tensors);
    await writeSafetensors(path, tensors);
    return await use(path, original);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refused = (change: (tensors: Map<string, StoredTensor>) => void, said: string) =>
  withWeights(change, async (path) => {
    const { message } = await assertRejects(() => checkPretrained(path, { architecture }), RequestError);
    assertStringIncludes(message, said);
    assertStringIncludes(message, path);
  });

Deno.test("loadPretrained() reads a base model's names, old LayerNorm names and the position buffer", () =>
  withWeights((tensors) => {
    for (const [name, tensor] of [...tensors]) {
      if (!name.includes("LayerNorm")) continue;
      tensors.delete(name);
      tensors.set(name.replace(/weight$/, "gamma").replace(/bias$/, "beta"), tensor);
    }
    tensors.set("embeddings.position_ids", { shape: [1, 32], values: new Int32Array(32) });
  }, async (path, original) => {
    const { tensors, missing, unexpected } = await loadPretrained(path, { architecture, key });
    assertEquals(missing, ["classifier.weight", "classifier.bias"]);
    assertEquals(unexpected, []);
    assertEquals(tensors.size, architecture.parameters.length);
    for (const [name, { values }] of original) assertEquals(tensors.get(`bert.${name}`)!.dataSync(), values);
    tf.dispose([...tensors.values()]);
  }));

Deno.test("loadPretrained() makes a missing pooler with a word, the same from the same key", () =>
  withWeights((tensors) => {
    tensors.delete("pooler.dense.weight");
    tensors.set("cls.predictions.bias", { shape: [2], values: new Float32Array(2) });
  }, async (path) => {
    const notes: string[] = [];
    const load = () => loadPretrained(path, { architecture, key, note: (message) => notes.push(message) });
    const [first, second] = [await load(), await load()];
    assertEquals(first.missing, ["bert.pooler.dense.weight", "classifier.weight", "classifier.bias"]);
    assertEquals(first.unexpected, ["cls.predictions.bias"]);
    assert(notes[0]!.includes("bert.pooler.dense.weight") && notes[1]!.includes("cls.predictions.bias"));
    const [a, b] = [first, second].map(({ tensors }) => tensors.get("bert.pooler.dense.weight")!.dataSync());
    assertEquals(a, b);
    tf.dispose([...first.tensors.values(), ...second.tensors.values()]);
  }));

Deno.test("checkPretrained() refuses what is not the model's", async () => {
  await refused((tensors) => void tensors.delete("encoder.layer.1.output.dense.weight"), "lacks 1 of the model's");
  await refused(
    (tensors) => tensors.set("encoder.layer.0.output.dense.weight", { shape: [16, 16], values: new Float32Array(256) }),
    '"encoder.layer.0.output.dense.weight" is [16,16]; the model wants [16,32]',
  );
  await refused(
    (tensors) => tensors.set("pooler.dense.bias", { shape: [16], values: new Int32Array(16) }),
    '"pooler.dense.bias" is I32; wanted F32, F16 or BF16',
  );
  await refused(
    (tensors) => tensors.set("bert.pooler.dense.bias", tensors.get("pooler.dense.bias")!),
    'both "pooler.dense.bias" and "bert.pooler.dense.bias"',
  );
});

Deno.test("weightsFile() refuses a pickle and says how to convert it", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/pytorch_model.bin`, "");
  const repository = await folderSource().open({ kind: "model", id: folder });
  assert(!("missing" in repository));
  const { message } = await assertRejects(() => weightsFile(repository), RequestError);
  assertStringIncludes(message, "safe_serialization=True");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("initialize() draws normal numbers of the asked width", () =>
  tf.tidy(() => {
    const values = initialize({ name: "a", shape: [200, 100] }, { key, width: 0.02 });
    const { mean, variance } = tf.moments(values);
    // Of 20,000 draws: four standard errors of the mean and of the deviation.
    assertAlmostEquals(mean.dataSync()[0]!, 0, 4 * 0.02 / Math.sqrt(20000));
    assertAlmostEquals(Math.sqrt(variance.dataSync()[0]!), 0.02, 4 * 0.02 / Math.sqrt(40000));
    const beyond = tf.mean(tf.cast(tf.greater(tf.abs(values), 2 * 0.02), "float32")).dataSync()[0]!;
    assertAlmostEquals(beyond, 0.0455, 0.006); // a normal distribution's, not a uniform one's
  }));
