import { RandomKey, RequestError, tf } from "@opf/framework";
import { bert, untrained } from "@opf/framework/plugins";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { checkPretrained, loadPretrained, loadWritten, unreadTensors } from "../../../core/model/pretrained.ts";
import { readSafetensors, type StoredTensor, type TensorFile, writeSafetensors } from "../../../core/io/safetensors.ts";
import { CONFIG, writeTinyModel } from "../../_tiny.ts";

const architecture = bert({ source: "tiny" }).architecture(CONFIG, { kind: "classification", outputs: 3 });
const key = RandomKey.of(1);

/** Reads the tiny model's file with some tensors changed, renamed or left out. */
async function withWeights<T>(
  change: (tensors: Map<string, StoredTensor>) => void,
  use: (file: TensorFile, original: Map<string, StoredTensor>) => T | Promise<T>,
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
    return await use(await readSafetensors(path), original);
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

Deno.test("loadPretrained() initializes a missing pooler with a warning, the same from the same key", () =>
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

/** The tiny model's file with a head of three rows, filled with 0, 1 and 2. */
const withHead = (tensors: Map<string, StoredTensor>) => {
  const width = CONFIG.hidden_size;
  tensors.set("classifier.weight", {
    shape: [3, width],
    values: Float32Array.from({ length: 3 * width }, (_, index) => Math.floor(index / width)),
  });
  tensors.set("classifier.bias", { shape: [3], values: Float32Array.of(0, 1, 2) });
};

/** The first column of the head's weight, its bias, and the notes, for a config with these labels. */
const headFor = (config: object, labels: readonly string[] = ["entailment", "neutral", "contradiction"]) =>
  withWeights(withHead, (file) => {
    const notes: string[] = [];
    const head = { kind: "classification", outputs: labels.length, labels } as const;
    const architecture = bert({ source: "tiny" }).architecture({ ...CONFIG, ...config }, head);
    const tensors = loadPretrained(file, { architecture, key, note: (message) => notes.push(message) });
    const weight = tensors.get("classifier.weight")!.arraySync() as number[][];
    const bias = tensors.get("classifier.bias")!.arraySync();
    tf.dispose([...tensors.values()]);
    return { weight: weight.map(([first]) => first), bias, notes };
  });

const idsOf = (names: readonly string[]) => ({
  id2label: Object.fromEntries(names.map((name, index) => [index, name])),
  label2id: Object.fromEntries(names.map((name, index) => [name, index])),
});

Deno.test("loadPretrained() reorders a head's rows by the names of their labels", async () => {
  const order = { weight: [1, 2, 0], bias: [1, 2, 0], notes: [] };
  assertEquals(await headFor(idsOf(["contradiction", "entailment", "neutral"])), order);
  assertEquals(await headFor(idsOf(["CONTRADICTION", "Entailment", "neutral"])), order);
  const asItIs = { weight: [0, 1, 2], bias: [0, 1, 2], notes: [] };
  assertEquals(await headFor(idsOf(["entailment", "neutral", "contradiction"])), asItIs);
  const notes = [
    "The head of the weights has no names of labels: its rows are taken for entailment, neutral, contradiction, in this order.",
  ];
  assertEquals(await headFor(idsOf(["LABEL_0", "LABEL_1", "LABEL_2"])), { ...asItIs, notes });
  assertEquals(await headFor({}), { ...asItIs, notes });
});

Deno.test("loadPretrained() initializes a new head, with a message, if labels or shapes differ", async () => {
  const isNew = async (config: object, message: string, labels?: readonly string[]) => {
    const { weight, bias, notes } = await headFor(config, labels);
    assertEquals(bias, labels ? [0, 0] : [0, 0, 0]);
    assert(weight.every((value) => value !== 0 && Math.abs(value!) < 0.2));
    assertStringIncludes(notes.join(), `The head of the weights is not used, a new one is initialized: ${message}`);
  };
  await isNew(
    idsOf(["negative", "neutral", "positive"]),
    "its labels are negative, neutral, positive, the task's entailment, neutral, contradiction",
  );
  await isNew(
    { problem_type: "multi_label_classification", ...idsOf(["a", "b", "c"]) },
    "it was trained for several labels",
  );
  await isNew({}, '"classifier.weight" is [3, 16], the task needs [2, 16]'.replaceAll(", 16", ",16"), ["a", "b"]);
});

Deno.test("a config with contradictory labels is refused", () => {
  const refuse = (config: object, message: string) => {
    const head = { kind: "classification", outputs: 2, labels: ["a", "b"] } as const;
    const error = assertThrows(() => bert({ source: "x" }).architecture({ ...CONFIG, ...config }, head), RequestError);
    assertStringIncludes(error.message, message);
  };
  refuse({ id2label: { 0: "a", 2: "b" } }, '"id2label": expected a name for each number');
  refuse({ id2label: { 0: "a", 1: 7 } }, '"id2label": expected names by number');
  refuse({ id2label: { 0: "a", 1: "b" }, label2id: { a: 1, b: 0 } }, '"label2id": expected the numbers of id2label');
});

Deno.test("loadWritten() reads a run's weights by the model's own names, without the conversion of a repository's weights", () =>
  withWeights(() => {}, async (file) => {
    const labels = ["entailment", "neutral", "contradiction"];
    const config = { ...CONFIG, ...idsOf(["contradiction", "entailment", "neutral"]) };
    const head = { kind: "classification", outputs: 3, labels } as const;
    for (const model of [bert({ source: "tiny" }), untrained(bert({ source: "tiny" }))]) {
      const architecture = model.architecture(config, head);
      const tensors = loadPretrained(file, { architecture, key });
      const path = await Deno.makeTempFile();
      await writeSafetensors(path, unreadTensors(tensors));
      const written = loadWritten(await readSafetensors(path), { architecture });
      for (const [name, tensor] of tensors) assertEquals(written.get(name)!.dataSync(), tensor.dataSync());
      await writeSafetensors(path, new Map([...unreadTensors(tensors)].slice(1)));
      const { message } = await assertRejects(
        async () => loadWritten(await readSafetensors(path), { architecture }),
        RequestError,
      );
      assertStringIncludes(message, "lacks 1 of the model's");
      await Deno.remove(path);
      tf.dispose([...tensors.values(), ...written.values()]);
    }
  }));
