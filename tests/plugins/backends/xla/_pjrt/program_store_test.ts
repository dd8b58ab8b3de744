import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { ProgramStore } from "../../../../../plugins/backends/xla/_pjrt/program_store.ts";
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
    new ProgramStore(folder, client, ["avx512"]).write(text, client.compile(text));
    assertEquals(new ProgramStore(folder, client, ["avx2"]).read(text), undefined);
    assert(new ProgramStore(folder, client, ["avx512"]).read(text) !== undefined);
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

Deno.test("a folder that cannot be written costs time only", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    const text = doubling(2), store = new ProgramStore(join(folder, "file", "programs"), client);
    store.write(text, client.compile(text));
    assertEquals(store.read(text), undefined);
  }));
