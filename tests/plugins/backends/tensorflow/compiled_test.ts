import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compiledFolder, KernelCache } from "../../../../plugins/backends/tensorflow/_compiled.ts";
import { withEnvironment } from "../../../_place.ts";

/** The folder with these variables set, and no others. */
const folderWith = (variables: Record<string, string>, cc: string, threads = 2) =>
  withEnvironment(
    { OPF_CACHE: undefined, OPF_COMPILED: undefined, XLA_FLAGS: undefined, ...variables },
    () => compiledFolder({ cc }, threads),
  );

Deno.test({
  name:
    "compiledFolder() is a folder in the user's cache for each library, set of flags and number of threads, unless it is off",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cache = await Deno.makeTempDir();
    const [one, other] = [`${cache}/one.so`, `${cache}/other.so`];
    await Deno.writeTextFile(one, "1");
    await Deno.writeTextFile(other, "22");
    const folder = await folderWith({ OPF_CACHE: cache }, one);
    assert(folder !== undefined && folder.startsWith(`${cache}/compiled/`));
    assert((await Deno.stat(folder)).isDirectory);
    assertEquals(await folderWith({ OPF_CACHE: cache }, one), folder);
    assertNotEquals(await folderWith({ OPF_CACHE: cache }, other), folder);
    assertNotEquals(await folderWith({ OPF_CACHE: cache, XLA_FLAGS: "--xla_cpu_enable_fast_math" }, one), folder);
    assertNotEquals(await folderWith({ OPF_CACHE: cache }, one, 1), folder);
    assertEquals(await folderWith({ OPF_CACHE: cache, OPF_COMPILED: "off" }, one), undefined);
    assertEquals(await folderWith({ OPF_CACHE: cache }, `${cache}/missing.so`), undefined);
    await Deno.remove(cache, { recursive: true });
  },
});

Deno.test({
  name: "KernelCache shares complete files only, not those of a process that was killed",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const shared = await Deno.makeTempDir();
    await Deno.mkdir(`${shared}/.999999999`); // of a process that has ended
    await Deno.writeTextFile(`${shared}/.999999999/half`, "hal");
    const first = KernelCache.open(shared)!;
    await Deno.writeTextFile(`${first.folder}/whole`, "whole");
    first.save();
    await Deno.writeTextFile(`${first.folder}/half`, "hal"); // and then it is killed
    const second = KernelCache.open(shared)!;
    assertEquals([...Deno.readDirSync(second.folder)].map(({ name }) => name), ["whole"]);
    assertEquals([...Deno.readDirSync(shared)].map(({ name }) => name).toSorted(), [`.${Deno.pid}`, "whole"]);
    assertEquals(await Deno.readTextFile(`${second.folder}/whole`), "whole");
    await Deno.writeTextFile(`${shared}/late`, "by another");
    await Deno.writeTextFile(`${second.folder}/late`, "by us");
    second.save();
    assertEquals(await Deno.readTextFile(`${shared}/late`), "by another");
    assertEquals(KernelCache.open(`${shared}/missing`), undefined);
    await Deno.remove(shared, { recursive: true });
  },
});
