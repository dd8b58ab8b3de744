import { RequestError } from "@opf/framework";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { findPlugin, type NativeLibrary, PLUGINS } from "../../../../plugins/backends/xla/plugin.ts";
import type { Wheel } from "../../../../plugins/_wheels.ts";
import { inFolder, withEnvironment } from "../../../_place.ts";
import { makeWheel, pipWith } from "../../_make_wheel.ts";
import { makePython } from "../../_python.ts";

/** The first bytes of an ELF library. */
function elf(machine: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[18] = machine;
  return bytes;
}
const X86 = elf(0x3e), ARM = elf(0xb7);
const LINUX = { os: "linux", arch: "x86_64" };
const FILE = "xla_cuda_plugin.so";

/** A machine with nothing: an empty cache, no plugin in Python, pip with an empty folder. */
const bare = <T>(run: (folder: string, packages: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    const { packages, bin } = await makePython(join(folder, "venv"));
    return await withEnvironment({
      OPF_PJRT_PLUGIN: undefined,
      OPF_CACHE: join(folder, "cache"),
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      ...pipWith(join(folder, "wheels")),
    }, () => run(folder, packages));
  });

/** XLA for CUDA 13 in two tiny wheels, as its own and NVIDIA's are. */
async function tinyLibraries(folder: string): Promise<typeof PLUGINS> {
  const wheels: Wheel[] = [];
  const add = async (name: string, files: { [path: string]: Uint8Array<ArrayBuffer> | string }) =>
    wheels.push(await makeWheel(join(folder, "wheels"), { name, version: "1.0", files }));
  await add("own-plugin", { [`jax_plugins/xla_cuda13/${FILE}`]: X86, "jax_plugins/xla_cuda13/__init__.py": "" });
  await add("own-nvidia", {
    "nvidia/cu13/lib/libcublas.so.13": X86,
    "nvidia/cu13/bin/ptxas": X86,
    "nvidia/cu13/include/cublas.h": "",
  });
  const cuda13: NativeLibrary = { ...PLUGINS.cuda13, wheels };
  return { ...PLUGINS, cuda13 };
}

Deno.test("findPlugin() uses the named file, or reports what is wrong with it", () =>
  bare(async (folder) => {
    const path = join(folder, "plugin.so");
    const named = () => withEnvironment({ OPF_PJRT_PLUGIN: path }, () => findPlugin({ platform: LINUX, driver: null }));
    await assertRejects(named, RequestError, "there is no such file");
    await Deno.mkdir(path);
    await assertRejects(named, RequestError, "got what is not a file");
    await Deno.remove(path);
    await Deno.writeTextFile(path, "version https://git-lfs".repeat(9));
    await assertRejects(named, RequestError, "not a library");
    await Deno.writeFile(path, ARM);
    await assertRejects(named, RequestError, "aarch64");
    await assertRejects(named, RequestError, "Name another one in OPF_PJRT_PLUGIN");
    await Deno.writeFile(path, X86);
    assertEquals((await named()).path, path);
  }));

Deno.test("findPlugin() refuses a missing GPU, and a driver that is too old, before it fetches anything", () =>
  bare(async () => {
    const gpu = (driver: { version: [number, number] } | null) =>
      findPlugin({ device: "gpu", driver, platform: LINUX });
    await assertRejects(() => gpu(null), RequestError, "Expected a GPU, got none");
    await assertRejects(
      () => gpu({ version: [11, 8] }),
      RequestError,
      "expected one for CUDA 12 or later, got one for CUDA 11.8",
    );
  }));

Deno.test("findPlugin() takes the build for the driver: CUDA 12, CUDA 13, or the CPU", () =>
  bare(async (_folder, packages) => {
    const paths = { cpu: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so" } as Record<string, string>;
    for (const version of [12, 13]) paths[version] = `jax_plugins/xla_cuda${version}/${FILE}`;
    for (const path of Object.values(paths)) {
      await Deno.mkdir(join(packages, path, ".."), { recursive: true });
      await Deno.writeFile(join(packages, path), X86);
      await Deno.writeTextFile(join(packages, path, "..", "__init__.py"), "raise SystemExit('imported')");
    }
    const found = async (device: "cpu" | "gpu" | undefined, version?: [number, number]) =>
      (await findPlugin({ ...(device && { device }), driver: version ? { version } : null, platform: LINUX })).path;
    const expected = (kind: string) => join(packages, paths[kind]!);
    assertEquals(await found("gpu", [13, 0]), expected("13"));
    assertEquals(await found(undefined, [12, 4]), expected("12"));
    assertEquals(await found("cpu", [13, 0]), expected("cpu"));
    assertEquals(await found(undefined), expected("cpu"));
  }));

Deno.test("findPlugin() says how much it fetches, fetches once, and keeps its libraries and compilers", () =>
  bare(async (folder) => {
    const libraries = await tinyLibraries(folder), notes: string[] = [];
    const options = { libraries, driver: { version: [13, 0] }, platform: LINUX } as const;
    const found = await findPlugin({ ...options, note: (note) => notes.push(note) });
    assertStringIncludes(notes[0]!, "XLA for CUDA 13");
    assertStringIncludes(notes[0]!, "2 wheels");
    const root = join(found.path, "../../..");
    assertEquals(found.path, join(root, "jax_plugins", "xla_cuda13", FILE));
    const kept = Array.from(Deno.readDirSync(join(root, "nvidia", "cu13")), ({ name }) => name).sort();
    assertEquals(kept, ["bin", "lib"]);
    const nothing = { ...pipWith("/dev/null"), PATH: "" };
    const again = await withEnvironment(nothing, () => findPlugin(options));
    assertEquals([again.path, again.how], [found.path, "the cache"]);
  }));

Deno.test("findPlugin() lists what it tried and what can be done if nothing works", () =>
  bare(async (folder) => {
    const { message } = await assertRejects(
      () => findPlugin({ driver: null, platform: LINUX }),
      RequestError,
    );
    for (
      const part of [join(folder, "cache"), "lammps_jax_pjrt_cpu", ". Let pip", "PIP_INDEX_URL", "OPF_PJRT_PLUGIN"]
    ) {
      assertStringIncludes(message, part);
    }
    const other = { os: "darwin", arch: "aarch64" };
    await assertRejects(() => findPlugin({ driver: null, platform: other }), RequestError, "for darwin-aarch64");
  }));
