import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ProgramStore } from "../../../../../plugins/backends/xla/_pjrt/program_store.ts";
import type { Executable } from "../../../../../plugins/backends/xla/_pjrt/executable.ts";
import { inFolder } from "../../../../_place.ts";
import { client, download, upload } from "./_client.ts";

const doubling = (factor: number) =>
  `module @test { func.func public @main(%a: tensor<2xf32>) -> tensor<2xf32> {
    %0 = stablehlo.constant dense<${factor.toFixed(1)}> : tensor<2xf32>
    %1 = stablehlo.multiply %a, %0 : tensor<2xf32>
    return %1 : tensor<2xf32> } }`;
const filesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name));

Deno.test("a kept program is loaded by its text, and computes", () =>
  inFolder((folder) => {
    const store = new ProgramStore(join(folder, "programs"), client);
    const [two, three] = [doubling(2), doubling(3)];
    assertEquals(store.read(two), undefined);
    store.write(two, client.compile(two));
    assertEquals(store.read(three), undefined);
    const other = new ProgramStore(join(folder, "programs"), client); // as in another process
    assertEquals(download(other.read(two)!.execute([[upload([1, 4])]])[0]![0]!, 2), [2, 8]);
    assertEquals(filesIn(join(folder, "programs")).length, 1); // nothing temporary is left
  }));

Deno.test("a program of another machine, or other flags, is not taken", () =>
  inFolder((folder) => {
    const text = doubling(2);
    new ProgramStore(folder, client, { target: ["avx512"] }).write(text, client.compile(text));
    assertEquals(new ProgramStore(folder, client, { target: ["avx2"] }).read(text), undefined);
    assert(new ProgramStore(folder, client, { target: ["avx512"] }).read(text) !== undefined);
  }));

Deno.test("a damaged program counts as absent wherever the damage is, and is written again", () =>
  inFolder((folder) => {
    const text = doubling(2), store = new ProgramStore(folder, client);
    store.write(text, client.compile(text));
    const [path] = filesIn(folder);
    const whole = Deno.readFileSync(path!);
    for (const place of [0, 31, 32, whole.length >> 1, whole.length - 1]) {
      const damaged = whole.slice();
      damaged[place]! ^= 1;
      Deno.writeFileSync(path!, damaged);
      assertEquals(store.read(text), undefined, `byte ${place}`);
    }
    for (const length of [0, 10, whole.length - 1]) {
      Deno.writeFileSync(path!, whole.subarray(0, length));
      assertEquals(store.read(text), undefined, `${length} bytes`);
    }
    store.write(text, client.compile(text));
    assertEquals(download(store.read(text)!.execute([[upload([1, 4])]])[0]![0]!, 2), [2, 8]);
  }));

Deno.test("a program under the name of another, and whole bytes that are none, count as absent", () =>
  inFolder((folder) => {
    const [two, three] = [doubling(2), doubling(3)], store = new ProgramStore(folder, client);
    store.write(two, client.compile(two));
    const [ofTwo] = filesIn(folder);
    store.write(three, client.compile(three));
    const ofThree = filesIn(folder).find((path) => path !== ofTwo)!;
    Deno.copyFileSync(ofThree, ofTwo!);
    assertEquals(store.read(two), undefined);
    assert(store.read(three) !== undefined);
    const nothing = { outputCount: 1, serialize: () => new TextEncoder().encode("no program".repeat(100)) };
    store.write(two, nothing as unknown as Executable);
    assertEquals(store.read(two), undefined);
  }));

Deno.test("a writer of the same process id on another machine is not in the way", () =>
  inFolder((folder) => {
    const text = doubling(2), store = new ProgramStore(folder, client);
    store.write(text, client.compile(text));
    const [path] = filesIn(folder);
    Deno.removeSync(path!);
    Deno.mkdirSync(`${path}.${Deno.pid}.tmp`); // nothing can be written under this name
    store.write(text, client.compile(text));
    assert(store.read(text) !== undefined);
  }));

Deno.test("a folder that cannot be written costs time only, and says so once", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    const notes: string[] = [], programs = join(folder, "file", "programs");
    const store = new ProgramStore(programs, client, { note: (note) => notes.push(note) });
    for (const text of [doubling(2), doubling(3)]) {
      store.write(text, client.compile(text));
      assertEquals(store.read(text), undefined);
    }
    assertEquals(notes.length, 1);
    for (const part of [programs, "OPF_CACHE"]) assertStringIncludes(notes[0]!, part);
  }));

Deno.test("beyond the limit, the programs that were not used for longest are removed", () =>
  inFolder((folder) => {
    const programs = [2, 3, 4].map(doubling);
    new ProgramStore(folder, client).write(programs[0]!, client.compile(programs[0]!));
    const [first] = filesIn(folder) as [string], { size } = Deno.statSync(first);
    const store = new ProgramStore(folder, client, { maxBytes: 2.5 * size });
    const kept = () => programs.map((text) => store.read(text) !== undefined);
    store.write(programs[1]!, client.compile(programs[1]!));
    for (const path of filesIn(folder)) Deno.utimeSync(path, 1000, path === first ? 1000 : 2000);
    assertEquals(store.read(programs[0]!) !== undefined, true); // used last
    store.write(programs[2]!, client.compile(programs[2]!));
    assertEquals(kept(), [true, false, true]);
    new ProgramStore(folder, client, { maxBytes: 1 }).write(programs[1]!, client.compile(programs[1]!));
    assertEquals(kept(), [false, true, false]); // the new one stays, however large
  }));
