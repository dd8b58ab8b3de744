import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { checkMachine } from "../../../../plugins/backends/_machine.ts";
import { type Platform, platformOf, PLATFORMS } from "../../../../plugins/backends/tensorflow/_platforms.ts";
import { checkVersion, findLibrary } from "../../../../plugins/backends/tensorflow/library.ts";
import { inFolder, printed, startDeno, withEnvironment } from "../../../_place.ts";
import { makeWheel, pipWith } from "../../_make_wheel.ts";
import { makePython } from "../../_python.ts";

const LINUX = PLATFORMS[0]!;
const CC = "libtensorflow_cc.so.2", FRAMEWORK = "libtensorflow_framework.so.2";

/** The first bytes of an ELF library: class, byte order and machine are where the standard has them. */
function elf(machine: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[18] = machine;
  return bytes;
}
const X86 = elf(0x3e), ARM = elf(0xb7);

async function write(folder: string, files: { [name: string]: Uint8Array | string }): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
  }
}

/** A machine with nothing: an empty cache, a Python without a usable tensorflow, pip with an empty folder. */
function bare<T>(
  run: (folder: string, packages: string) => Promise<T>,
  values: Record<string, string | undefined> = {},
): Promise<T> {
  return inFolder(async (folder) => {
    const { packages, bin } = await makePython(join(folder, "venv"));
    await write(packages, { "tensorflow/__init__.py": "" }); // hides one that is installed
    await write(folder, { "wheels/none": "" });
    const environment = {
      OPF_LIBTENSORFLOW: undefined,
      OPF_CACHE: join(folder, "cache"),
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      ...pipWith(join(folder, "wheels")),
      ...values,
    };
    return await withEnvironment(environment, () => run(folder, packages));
  });
}

/** Linux on x86-64 with a tiny wheel in place of the real one. */
async function tinyPlatform(folder: string, lie?: string): Promise<Platform> {
  const wheel = await makeWheel(join(folder, "wheels"), {
    name: "tensorflow-cpu",
    version: "2.21.0",
    platform: "manylinux_2_27_x86_64",
    files: { [`tensorflow/${CC}`]: X86, [`tensorflow/${FRAMEWORK}`]: X86, "tensorflow/__init__.py": "" },
    ...(lie && { lie }),
  });
  return { ...LINUX, wheel };
}

Deno.test("findLibrary() uses a named folder first", () =>
  bare(async (folder) => {
    await write(folder, { [`own/${CC}`]: X86, [`own/${FRAMEWORK}`]: X86 });
    const own = join(folder, "own");
    await withEnvironment({ OPF_LIBTENSORFLOW: own }, async () => {
      const { cc, framework } = await findLibrary({ platform: LINUX });
      assertEquals({ cc, framework }, { cc: join(own, CC), framework: join(own, FRAMEWORK) });
    });
  }));

Deno.test("findLibrary() finds the folders of the C tarball", () =>
  bare(async (folder) => {
    await write(folder, { "lib/libtensorflow.so.2": X86, [`lib/${FRAMEWORK}`]: X86 });
    await withEnvironment({ OPF_LIBTENSORFLOW: folder }, async () => {
      assertEquals((await findLibrary({ platform: LINUX })).cc, join(folder, "lib", "libtensorflow.so.2"));
    });
  }));

Deno.test("findLibrary() rejects a named folder without a library for this machine, and searches no further", () =>
  bare(async (folder) => {
    const platform = await tinyPlatform(folder);
    const refused = (path: string, message: string) =>
      withEnvironment(
        { OPF_LIBTENSORFLOW: path },
        () => assertRejects(() => findLibrary({ platform }), RequestError, message),
      );
    await refused(join(folder, "nowhere"), "got no such folder");
    await refused(folder, `expected ${CC} or libtensorflow.so.2 and ${FRAMEWORK} in it, got a folder without both`);
    await write(folder, { [`arm/${CC}`]: ARM, [`arm/${FRAMEWORK}`]: ARM });
    await refused(join(folder, "arm"), "expected a library for this machine (ELF x86_64), got one for ELF aarch64");
    await write(folder, { [`text/${CC}`]: "version https://git-lfs".repeat(9), [`text/${FRAMEWORK}`]: X86 });
    await refused(join(folder, "text"), "got a file that is not a library");
    await write(folder, { [`folder/${CC}/file`]: "", [`folder/${FRAMEWORK}`]: X86 });
    await refused(join(folder, "folder"), "got what is not a file");
  }));

Deno.test("checkMachine() refuses a library whose end is missing", () =>
  inFolder(async (folder) => {
    const path = join(folder, "library");
    const whole = new Uint8Array(400), view = new DataView(whole.buffer);
    whole.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(18, 62, true);
    view.setBigUint64(40, 200n, true); // a table of three entries of 64 bytes
    view.setUint16(58, 64, true);
    view.setUint16(60, 3, true);
    await Deno.writeFile(path, whole.subarray(0, 392));
    await checkMachine(path, { machine: "ELF x86_64" });
    await Deno.writeFile(path, whole.subarray(0, 391));
    await assertRejects(
      () => checkMachine(path, { machine: "ELF x86_64" }),
      RequestError,
      "got the beginning of one, 391 bytes",
    );
  }));

Deno.test("checkMachine() reads Mach-O files, universal ones included", () =>
  inFolder(async (folder) => {
    const darwin = platformOf({ os: "darwin", arch: "aarch64" });
    const path = join(folder, "library");
    const words = async (...words: number[]) => {
      const view = new DataView(new ArrayBuffer(64));
      words.forEach((word, index) => view.setUint32(4 * index, word));
      await Deno.writeFile(path, new Uint8Array(view.buffer));
    };
    await words(0xcffaedfe, 0x0c000001); // little-endian
    await checkMachine(path, darwin);
    await words(0xcffaedfe, 0x07000001);
    await assertRejects(() => checkMachine(path, darwin), RequestError, "got one for Mach-O x86_64");
    await words(0xcafebabe, 2, 0x01000007, 0, 0, 0, 0, 0x0100000c);
    await checkMachine(path, darwin);
    await words(0xcafebabe, 1, 0x01000007);
    await assertRejects(() => checkMachine(path, darwin), RequestError, "got one for Mach-O x86_64");
  }));

Deno.test("findLibrary() uses Python's tensorflow without importing it", () =>
  bare(async (_folder, python) => {
    await write(python, {
      "tensorflow/__init__.py": "raise SystemExit('imported')",
      [`tensorflow/${CC}`]: X86,
      [`tensorflow/${FRAMEWORK}`]: X86,
      "tensorflow_cpu-2.17.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tensorflow-cpu\nVersion: 2.17.0\n",
    });
    const found = await findLibrary({ platform: LINUX });
    assertEquals(found.cc, join(python, "tensorflow", CC));
    assertStringIncludes(found.how, "2.17.0");
  }));

Deno.test("findLibrary() skips a tensorflow of Python that it cannot use, with a message", () =>
  bare(async (folder, python) => {
    const platform = await tinyPlatform(folder);
    const skipped = async (files: Record<string, Uint8Array | string>, why: string) => {
      await write(python, { [`tensorflow/${CC}`]: X86, [`tensorflow/${FRAMEWORK}`]: X86, ...files });
      const notes: string[] = [];
      await findLibrary({ platform, note: (note) => notes.push(note) });
      assert(notes.some((note) => note.includes("is skipped") && note.includes(why)), notes.join("\n"));
      await Deno.remove(join(folder, "cache"), { recursive: true });
    };
    const metadata = (version: string) => `Metadata-Version: 2.1\nName: tensorflow\nVersion: ${version}\n`;
    await skipped({ [`tensorflow/${CC}`]: ARM }, "got one for ELF aarch64");
    await skipped({ "tensorflow-2.8.4.dist-info/METADATA": metadata("2.8.4") }, "got 2.8.4");
  }));

Deno.test("findLibrary() downloads the wheel with pip once, and keeps its two libraries", () =>
  bare(async (folder) => {
    const platform = await tinyPlatform(folder);
    const notes: string[] = [];
    const found = await findLibrary({ platform, note: (note) => notes.push(note) });
    assert(notes.some((note) => note.startsWith("Fetching tensorflow-cpu 2.21.0")), notes.join("\n"));
    assertEquals(await Deno.readFile(found.cc), X86);
    const kept = Array.from(Deno.readDirSync(join(found.cc, "..")), ({ name }) => name).sort();
    assertEquals(kept, [CC, FRAMEWORK]);

    const nothing = { ...pipWith("/dev/null"), PATH: "" };
    const again = await withEnvironment(nothing, () => findLibrary({ platform }));
    assertEquals([again.cc, again.framework], [found.cc, found.framework]);
    assertStringIncludes(again.how, "cache");
  }));

Deno.test("findLibrary() rejects a wheel other than the pinned one, and keeps nothing of it", () =>
  bare(async (folder) => {
    const platform = await tinyPlatform(folder);
    const wheel = { ...platform.wheel, sha256: "00".repeat(32) };
    const error = await assertRejects(() => findLibrary({ platform: { ...platform, wheel } }), RequestError);
    assertStringIncludes(error.message, `expected sha256 ${wheel.sha256}, got ${platform.wheel.sha256}`);
    const damaged = await tinyPlatform(folder, `tensorflow/${CC}`);
    await assertRejects(() => findLibrary({ platform: damaged }), Error, "does not match the wheel's RECORD");
    const kept = Array.from(Deno.readDirSync(join(folder, "cache/libtensorflow/2.21.0-linux-x86_64-cpu")));
    assertEquals(kept.map(({ name }) => name), [".tensorflow.lock"]);
  }));

Deno.test("findLibrary() lists what it tried and what can be done if nothing works", () =>
  bare(async (folder) => {
    const error = await assertRejects(() => findLibrary({ platform: LINUX }), RequestError);
    for (
      const part of [
        "OPF_LIBTENSORFLOW: not set",
        join(folder, "cache"),
        "libtensorflow is missing",
        "pip download tensorflow-cpu==2.21.0",
        "No matching distribution found",
        "python3 -m pip install tensorflow-cpu==2.21.0",
        `set OPF_LIBTENSORFLOW to a folder with ${CC} and ${FRAMEWORK}`,
      ]
    ) assertStringIncludes(error.message, part);
    await withEnvironment({ PATH: "" }, async () => {
      await assertRejects(
        () => findLibrary({ platform: LINUX }),
        RequestError,
        "`python3` was not found",
      );
    });
  }));

Deno.test("findLibrary() in two processes at once downloads once", () =>
  bare(async (folder) => {
    const platform = await tinyPlatform(folder);
    const module = new URL("../../../../plugins/backends/tensorflow/library.ts", import.meta.url);
    const code = `
      import { findLibrary } from ${JSON.stringify(module)};
      const note = (note) => note.endsWith("with pip.") && console.log("fetched");
      console.log((await findLibrary({ platform: ${JSON.stringify(platform)}, note })).cc);`;
    const both = await Promise.all([startDeno(code), startDeno(code)].map(printed));
    assertEquals(both.join("").match(/^fetched$/gm)?.length, 1);
    assertEquals(both[0]!.trim().split("\n").at(-1), both[1]!.trim().split("\n").at(-1));
  }));

Deno.test("platformOf() names the supported machines to one without libtensorflow", () => {
  const refused = assertThrows(() => platformOf({ os: "windows", arch: "x86_64" }), RequestError, "windows-x86_64");
  for (const { name } of PLATFORMS) assertStringIncludes(refused.message, name);
});

Deno.test("checkVersion() accepts 2.9 and later, below 3", () => {
  for (const version of ["2.9.0", "2.9.1-rc1", "2.21.0"]) checkVersion(version);
  for (const version of ["2.8.4", "1.15.0", "3.0.0", "3.10.0", "", "2"]) {
    assertThrows(
      () => checkVersion(version),
      RequestError,
      `expected version 2.9 or later and below 3, got ${version}`,
    );
  }
});
