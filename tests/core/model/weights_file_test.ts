import { type Repository, RequestError } from "@opf/framework";
import { folder as folderSource } from "@opf/framework/plugins";
import { assertEquals, assertLess, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { writeSafetensors } from "../../../core/io/safetensors.ts";
import { freeUnusedBuffers } from "../../../core/io/unused_buffers.ts";
import { openWeights } from "../../../core/model/weights_file.ts";

async function inFolder(use: (repository: Repository, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const repository = await folderSource().open({ kind: "model", id: folder });
    if ("missing" in repository) throw new Error(repository.missing);
    await use(repository, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const VALUES = Float32Array.of(1, 2, 3);
const write = (path: string) => writeSafetensors(path, new Map([["a", { shape: [3], values: VALUES }]]));

Deno.test("openWeights() reads a file once, and takes its digest", () =>
  inFolder(async (repository, folder) => {
    const path = `${folder}/model.safetensors`;
    await write(path);
    const digest = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    const weights = await openWeights(repository);
    assertEquals([weights.path, weights.digest], [path, digest]);
    await Deno.remove(path);
    for (let time = 0; time < 2; time++) assertEquals((await weights.read()).tensor("a").values, VALUES);
  }));

Deno.test("openWeights() retains no file beyond the limit: its tensors are read again", () =>
  inFolder(async (repository, folder) => {
    const path = `${folder}/model.safetensors`;
    await write(path);
    const weights = await openWeights(repository, { maxRetainedBytes: 0 });
    for (let time = 0; time < 2; time++) assertEquals((await weights.read()).tensor("a").values, VALUES);
    await Deno.remove(path);
    await assertRejects(() => weights.read(), Deno.errors.NotFound);
  }));

Deno.test("openWeights() holds the bytes of no file beyond the limit", () =>
  inFolder(async (repository, folder) => {
    const values = new Float32Array(2 ** 24);
    await writeSafetensors(`${folder}/model.safetensors`, new Map([["a", { shape: [values.length], values }]]));
    const externalBytes = async () => {
      await new Promise((resolve) => setTimeout(resolve)); // what has just ended holds its arrays until then
      freeUnusedBuffers({ atLeast: 0 });
      return Deno.memoryUsage().external;
    };
    const before = await externalBytes();
    const weights = await openWeights(repository, { maxRetainedBytes: 0 });
    assertLess(await externalBytes() - before, values.byteLength / 2);
    assertEquals((await weights.read()).tensor("a").values.length, values.length);
  }));

Deno.test("openWeights() refuses a broken file, and a pickle with advice on how to convert it", () =>
  inFolder(async (repository, folder) => {
    await Deno.writeTextFile(`${folder}/pytorch_model.bin`, "");
    const pickle = await assertRejects(() => openWeights(repository), RequestError);
    assertStringIncludes(
      pickle.message,
      "`AutoModel.from_pretrained(…).save_pretrained(folder, safe_serialization=True)`",
    );
    // Of the class that wrote it, since AutoModel leaves heads out.
    for (
      const [config, expected] of [[{ architectures: ["T5ForConditionalGeneration"] }, "T5ForConditionalGeneration"], [
        { architectures: ["no class"] },
        "AutoModel",
      ]] as const
    ) {
      await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
      await assertRejects(() => openWeights(repository), RequestError, `\`${expected}.from_pretrained(…)`);
    }
    await Deno.rename(`${folder}/pytorch_model.bin`, `${folder}/pytorch_model.bin.index.json`);
    await assertRejects(() => openWeights(repository), RequestError, "is a pickle");
    await Deno.writeTextFile(`${folder}/model.safetensors`, "no header");
    await assertRejects(() => openWeights(repository), RequestError, "model.safetensors");
  }));

Deno.test("openWeights() reads weights in several files as one, and digests all of them", () =>
  inFolder(async (repository, folder) => {
    const shards = { "model-00001-of-00002.safetensors": ["a", "b"], "model-00002-of-00002.safetensors": ["c"] };
    const writeShard = (name: string, tensors: readonly string[], value = 1) =>
      writeSafetensors(
        `${folder}/${name}`,
        new Map(tensors.map((tensor, index) => [tensor, { shape: [1], values: Float32Array.of(value + index) }])),
      );
    const writeIndex = (weight_map: unknown) =>
      Deno.writeTextFile(`${folder}/model.safetensors.index.json`, JSON.stringify({ metadata: {}, weight_map }));
    const map = { a: "model-00001-of-00002.safetensors", b: "model-00001-of-00002.safetensors" };
    for (const [name, tensors] of Object.entries(shards)) await writeShard(name, tensors);
    await writeIndex({ ...map, c: "model-00002-of-00002.safetensors" });
    const weights = await openWeights(repository);
    assertStringIncludes(weights.path, "model.safetensors.index.json");
    const file = await weights.read();
    assertEquals(["a", "b", "c"].map((name) => file.tensor(name).values[0]), [1, 2, 1]);
    assertEquals([...file.entries.keys()].toSorted(), ["a", "b", "c"]);

    await writeShard("model-00002-of-00002.safetensors", ["c"], 5);
    assertNotEquals((await openWeights(repository)).digest, weights.digest);

    const refused = async (index: unknown, message: string) => {
      await writeIndex(index);
      const error = await assertRejects(() => openWeights(repository), RequestError);
      assertStringIncludes(error.message, `${folder}/model.safetensors.index.json`);
      assertStringIncludes(error.message, message);
    };
    await refused({ ...map, c: "model-00003-of-00003.safetensors" }, 'lists "model-00003-of-00003.safetensors"');
    await refused({ a: map.a, c: map.a }, 'expected the tensor "b" of model-00001-of-00002.safetensors in its index');
    await refused({ ...map, d: map.a }, 'lists the tensor "d" in model-00001-of-00002.safetensors, which lacks it');
    await refused({ a: "../elsewhere.safetensors" }, '"weight_map.a": expected the name of a safetensors file');
    await refused([], '"weight_map": expected');
  }));
