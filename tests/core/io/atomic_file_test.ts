import { assertEquals, assertRejects } from "@std/assert";
import { removeStaleTempFiles, removeStaleTempFilesOf, writeFileAtomic } from "../../../core/io/atomic_file.ts";
import { inFolder } from "../../_place.ts";

const text = (value: string) => new TextEncoder().encode(value);
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();

Deno.test("writeFileAtomic() leaves the old file and nothing else where it cannot write the new one whole", () =>
  inFolder(async (folder) => {
    await writeFileAtomic(`${folder}/a`, [text("old")]);
    const broken = function* () {
      yield text("half of the ");
      throw new Error("the disk is full");
    };
    await assertRejects(() => writeFileAtomic(`${folder}/a`, broken()), Error, "full");
    assertEquals([names(folder), await Deno.readTextFile(`${folder}/a`)], [["a"], "old"]);
    await writeFileAtomic(`${folder}/a`, [text("new"), text(" file")]);
    assertEquals([names(folder), await Deno.readTextFile(`${folder}/a`)], [["a"], "new file"]);
  }));

Deno.test("removeStaleTempFiles() takes away what a killed writer left, and nothing else", () =>
  inFolder(async (folder) => {
    await removeStaleTempFiles(`${folder}/none`);
    const left = (name: string) => `${name}.${crypto.randomUUID()}.tmp`;
    const others = ["a.tmp", "a.json", "lock"];
    for (const name of [...others, left("a"), left("a"), left("ab")]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await removeStaleTempFilesOf(`${folder}/a`);
    assertEquals(names(folder).filter((name) => name.startsWith("a.")), ["a.json", "a.tmp"]);
    assertEquals(names(folder).length, others.length + 1);
    await removeStaleTempFiles(folder);
    assertEquals(names(folder), others.toSorted());
  }));
