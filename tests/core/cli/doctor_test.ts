import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inTinyFolder, run } from "./_command.ts";

Deno.test("doctor tells versions, engine, two checks and the sources, as text and as JSON", () =>
  inTinyFolder(async (folder) => {
    const { code, out, err } = await run(["doctor", "--json", "--device", "cpu"], folder);
    assertEquals(code, 0, err);
    const { works, findings } = JSON.parse(out) as { works: boolean; findings: { name: string; ok: boolean }[] };
    assert(works);
    assertEquals(findings.map(({ name }) => name), [
      "versions",
      "tensorflow",
      "product",
      "svd",
      "source folder",
      "source hub",
      "source pypi",
    ]);
    assert(findings.slice(0, 5).every(({ ok }) => ok));
  }));

Deno.test("doctor says what is wrong with the library and ends with 1", () =>
  inTinyFolder(async (folder) => {
    Deno.env.set("OPF_LIBTENSORFLOW", folder);
    try {
      const { code, out } = await run(["doctor"], folder);
      assertEquals(code, 1);
      assertStringIncludes(out, "--  engine: OPF_LIBTENSORFLOW");
      assertStringIncludes(out, folder);
    } finally {
      Deno.env.delete("OPF_LIBTENSORFLOW");
    }
  }));
