import { type Repository, RequestError } from "@opf/framework";
import { folder as folderSource } from "@opf/framework/plugins";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { writeSafetensors } from "../../../core/io/safetensors.ts";
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

Deno.test("openWeights() refuses a broken file, and a pickle with advice on how to convert it", () =>
  inFolder(async (repository, folder) => {
    await Deno.writeTextFile(`${folder}/pytorch_model.bin`, "");
    const pickle = await assertRejects(() => openWeights(repository), RequestError);
    assertStringIncludes(pickle.message, "safe_serialization=True");
    await Deno.writeTextFile(`${folder}/model.safetensors`, "no header");
    await assertRejects(() => openWeights(repository), RequestError, "model.safetensors");
  }));
