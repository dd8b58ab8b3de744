import { assertEquals, assertRejects } from "@std/assert";
import { fromFirstSource, NotFoundError, type Source } from "@opf/framework";

const source = (name: string, found: Awaited<ReturnType<Source["open"]>>): Source => ({
  name,
  options: {},
  open: () => Promise.resolve(found),
  check: () => Promise.resolve({ answers: true, detail: "" }),
});
const having = (name: string, files: readonly string[]) =>
  source(name, {
    origin: name,
    file: (file) => Promise.resolve(files.includes(file) ? `/${name}/${file}` : undefined),
  });

const options = {
  name: { kind: "model", id: "x" },
  read: async (repository: { file(name: string): Promise<string | undefined> }) => {
    const path = await repository.file("weights");
    return path === undefined ? { missing: "it has no weights" } : { path };
  },
  what: "Not found",
} as const;

Deno.test("the first source that has all of it provides it", async () => {
  const sources = [
    source("a", { missing: "no such folder" }),
    having("b", []),
    having("c", ["weights"]),
    having("d", ["weights"]),
  ];
  assertEquals(await fromFirstSource(sources, options), { path: "/c/weights" });
});

Deno.test("without such a source, the error says what each lacks", async () => {
  const sources = [source("a", { missing: "no such folder" }), having("b", [])];
  const error = await assertRejects(() => fromFirstSource(sources, options), NotFoundError);
  assertEquals((error as Error).message, "Not found. Tried a: no such folder; b: it has no weights.");
});
