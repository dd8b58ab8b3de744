import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compiledFolder, isWholeMessage, KernelCache } from "../../../../plugins/backends/tensorflow/_compiled.ts";
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

// A message of two fields: a varint, and three bytes.
const KERNEL = new Uint8Array([0x08, 0x96, 0x01, 0x1a, 0x03, 1, 2, 3]);

Deno.test("isWholeMessage() accepts whole messages, and refuses most that were cut", () => {
  assertEquals(isWholeMessage(KERNEL), true);
  const cuts = Array.from({ length: KERNEL.length }, (_, length) => isWholeMessage(KERNEL.subarray(0, length)));
  assertEquals(cuts, [false, false, false, true, false, false, false, false]); // one ends between two fields
});

Deno.test({
  name: "KernelCache removes kernels in which one bit differs, or that have no digest",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const shared = await Deno.makeTempDir();
    const first = KernelCache.open(shared)!;
    for (const name of ["sound", "damaged"]) await Deno.writeFile(`${first.folder}/${name}`, KERNEL);
    first.save();
    const damaged = [...Deno.readDirSync(shared)].find(({ name }) => name.startsWith("damaged"))!.name;
    await Deno.remove(`${shared}/${damaged}`); // and with it the link to the process's own file
    await Deno.writeFile(`${shared}/${damaged}`, KERNEL.with(6, 3));
    await Deno.writeFile(`${shared}/from-an-older-version`, KERNEL);
    const second = KernelCache.open(shared)!;
    assertEquals([...Deno.readDirSync(second.folder)].map(({ name }) => name), ["sound"]);
    const left = [...Deno.readDirSync(shared)].filter(({ isFile }) => isFile).map(({ name }) => name);
    assertEquals(left.map((name) => name.split(".")[0]), ["sound"]);
    await Deno.remove(shared, { recursive: true });
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
    await Deno.writeFile(`${first.folder}/whole`, KERNEL);
    await Deno.writeFile(`${first.folder}/full-disk`, KERNEL.subarray(0, 5));
    first.save();
    await Deno.writeFile(`${first.folder}/half`, KERNEL.subarray(0, 4)); // and then it is killed
    const second = KernelCache.open(shared)!;
    assertEquals([...Deno.readDirSync(second.folder)].map(({ name }) => name), ["whole"]);
    const sharedNames = [...Deno.readDirSync(shared)].filter(({ isFile }) => isFile).map(({ name }) => name);
    assertEquals(sharedNames.map((name) => name.replace(/[0-9a-f]{32}$/, "DIGEST")), ["whole.DIGEST"]);
    assertEquals(await Deno.readFile(`${second.folder}/whole`), KERNEL);
    await Deno.writeFile(`${second.folder}/late`, KERNEL);
    second.save();
    second.save(); // what is shared already is not shared again
    assertEquals([...Deno.readDirSync(shared)].filter(({ isFile }) => isFile).length, 2);
    assertEquals(KernelCache.open(`${shared}/missing`), undefined);
    await Deno.remove(shared, { recursive: true });
  },
});
