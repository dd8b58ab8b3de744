import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compiledFolder } from "../../../../plugins/backends/tensorflow/_compiled.ts";

const VARIABLES = ["OPF_CACHE", "OPF_COMPILED", "XLA_FLAGS"] as const;

/** Asks for the folder with these variables set, and no other. */
async function folderWith(variables: Partial<Record<(typeof VARIABLES)[number], string>>, cc: string) {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of VARIABLES) {
      if (variables[name] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, variables[name]);
    }
    return await compiledFolder({ cc });
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test({
  name: "compiledFolder() is one folder a library and a set of flags, in the user's cache, and none where it is off",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cache = await Deno.makeTempDir();
    const [one, other] = [`${cache}/one.so`, `${cache}/other.so`];
    await Deno.writeTextFile(one, "1");
    await Deno.writeTextFile(other, "22");
    const folder = await folderWith({ OPF_CACHE: cache }, one);
    assert(folder?.startsWith(`${cache}/compiled/`));
    assert((await Deno.stat(folder)).isDirectory);
    assertEquals(await folderWith({ OPF_CACHE: cache }, one), folder);
    assertNotEquals(await folderWith({ OPF_CACHE: cache }, other), folder);
    assertNotEquals(await folderWith({ OPF_CACHE: cache, XLA_FLAGS: "--xla_cpu_enable_fast_math" }, one), folder);
    assertEquals(await folderWith({ OPF_CACHE: cache, OPF_COMPILED: "off" }, one), undefined);
    assertEquals(await folderWith({ OPF_CACHE: cache }, `${cache}/missing.so`), undefined);
    await Deno.remove(cache, { recursive: true });
  },
});
