import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { withEnvironment } from "../../_place.ts";
import { inTinyFolder, run } from "./_command.ts";

Deno.test("doctor prints versions, each backend with its checks and costs, and the sources, as text and as JSON", () =>
  inTinyFolder(async (folder) => {
    const { code, out, err } = await run(["doctor", "--json", "--device", "cpu"], folder);
    assertEquals(code, 0, err);
    const { works, findings } = JSON.parse(out) as { works: boolean; findings: { name: string; ok: boolean }[] };
    assert(works);
    assertEquals(findings.map(({ name }) => name), [
      "versions",
      "tensorflow",
      "tensorflow product",
      "tensorflow svd",
      "tensorflow costs",
      "xla",
      "xla product",
      "xla svd",
      "xla costs",
      "wasm",
      "wasm product",
      "wasm svd",
      "wasm costs",
      "source folder",
      "source hub",
      "source pypi",
    ]);
    for (const name of ["tensorflow costs", "xla costs", "wasm costs"]) {
      const { detail } = findings.find((finding) => finding.name === name) as unknown as { detail: object };
      for (const what of ["on disk", "start", "dispatch", "product", "svd", "training step"]) {
        assert(Object.keys(detail).some((key) => key.startsWith(what)), `${name}: ${what}`);
      }
    }
    assert(findings.slice(0, 13).every(({ ok }) => ok));
  }));

Deno.test("doctor names what is wrong with the library and ends with 1, or with 0 for a backend that works without it", () =>
  inTinyFolder((folder) =>
    withEnvironment({ OPF_LIBTENSORFLOW: folder }, async () => {
      const { code, out } = await run(["doctor"], folder);
      assertEquals(code, 1);
      assertStringIncludes(out, "--  tensorflow: OPF_LIBTENSORFLOW");
      assertStringIncludes(out, folder);
      assertStringIncludes(out, "ok  wasm:");
      const other = await run(["doctor", "--backend", "wasm"], folder);
      assertEquals(other.code, 0, other.out);
    })
  ));
