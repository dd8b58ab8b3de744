import { RandomKey, RequestError, tf } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkPretrained, loadPretrained } from "../../../core/model/pretrained.ts";
import { readSafetensors, type StoredTensor, type TensorFile, writeSafetensors } from "../../../core/io/safetensors.ts";
import { CONFIG, writeTinyModel } from "../../_tiny.ts";

const architecture = bert({ source: "tiny" }).architecture(CONFIG, { kind: "classification", outputs: 3 });
const key = RandomKey.of(1);

/** Reads the tiny model's file with some tensors changed, renamed or left out. */
async function withWeights<T>(
  change: (tensors: Map<string, StoredTensor>) => void,
  use: (file: TensorFile, original: Map<string, StoredTensor>) => T,
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
    return use(await readSafetensors(path), original);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refused = (change: (tensors: Map<string, StoredTensor>) => void, expected: string) =>
  withWeights(change, (file) => {
    const { message } = assertThrows(() => checkPretrained(file, { architecture }), RequestError);
    assertStringIncludes(message, expected);
    assertStringIncludes(message, file.path);
  });

Deno.test("loadPretrained() reads a base model's names, old LayerNorm names and the position buffer", () =>
  withWeights((tensors) => {
    for (const [name, tensor] of [...tensors]) {
      if (!name.includes("LayerNorm")) continue;
      tensors.delete(name);
      tensors.set(name.replace(/weight$/, "gamma").replace(/bias$/, "beta"), tensor);
    }
    tensors.set("embeddings.position_ids", { shape: [1, 32], values: new Int32Array(32) });
  }, (file, original) => {
    const { missing, unexpected } = checkPretrained(file, { architecture });
    const tensors = loadPretrained(file, { architecture, key });
    assertEquals(missing, ["classifier.weight", "classifier.bias"]);
    assertEquals(unexpected, []);
    assertEquals(tensors.size, architecture.parameters.length);
    for (const [name, { values }] of original) assertEquals(tensors.get(`bert.${name}`)!.dataSync(), values);
    tf.dispose([...tensors.values()]);
  }));

Deno.test("loadPretrained() initializes a missing pooler with a warning, equally from the same key", () =>
  withWeights((tensors) => {
    tensors.delete("pooler.dense.weight");
    tensors.set("cls.predictions.bias", { shape: [2], values: new Float32Array(2) });
  }, (file) => {
    const notes: string[] = [];
    const { missing, unexpected } = checkPretrained(file, { architecture });
    assertEquals(missing, ["bert.pooler.dense.weight", "classifier.weight", "classifier.bias"]);
    assertEquals(unexpected, ["cls.predictions.bias"]);
    const load = () => loadPretrained(file, { architecture, key, note: (message) => notes.push(message) });
    const [first, second] = [load(), load()];
    assert(notes[0]!.includes("bert.pooler.dense.weight") && notes[1]!.includes("cls.predictions.bias"));
    const [a, b] = [first, second].map((tensors) => tensors.get("bert.pooler.dense.weight")!.dataSync());
    assertEquals(a, b);
    tf.dispose([...first.values(), ...second.values()]);
  }));

Deno.test("checkPretrained() refuses a file of another model", async () => {
  await refused((tensors) => void tensors.delete("encoder.layer.1.output.dense.weight"), "lacks 1 of the model's");
  await refused(
    (tensors) => tensors.set("encoder.layer.0.output.dense.weight", { shape: [16, 16], values: new Float32Array(256) }),
    '"encoder.layer.0.output.dense.weight": expected [16,32], got [16,16]',
  );
  await refused(
    (tensors) => tensors.set("pooler.dense.bias", { shape: [16], values: new Int32Array(16) }),
    '"pooler.dense.bias": expected F32, F16 or BF16, got I32',
  );
  await refused(
    (tensors) => tensors.set("bert.pooler.dense.bias", tensors.get("pooler.dense.bias")!),
    'both "pooler.dense.bias" and "bert.pooler.dense.bias"',
  );
});
