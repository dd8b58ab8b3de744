import { RequestError } from "@opf/framework";
import { assertRejects, assertStringIncludes } from "@std/assert";
import { readManifestFile } from "../../../core/results/manifest.ts";
import { change, inRuns } from "./_stored.ts";

const MANIFEST_CHANGES: readonly (readonly [path: readonly string[], value: unknown, field: string])[] = [
  [["runs"], [null], "runs.0"],
  [["runs", "0", "id"], "../../etc", "runs.0.id"],
  [["runs", "1", "seed"], 1, "runs"],
  [["runs", "1", "seed"], "1", "runs.1.seed"],
  [["tuned"], {}, "tuned"],
  [["grounds"], 5, "grounds"],
  [["published"], {}, "published.source"],
  [["baseline"], undefined, "baseline"],
  [["declaration"], { file: "e", sha256: "00", modules: [], changes: {} }, "declaration.sha256"],
];

for (const [path, value, field] of MANIFEST_CHANGES) {
  Deno.test(`a manifest whose ${path.join(".")} is ${JSON.stringify(value)} is an error that names the field`, () =>
    inRuns(async (runs) => {
      const file = `${runs}/experiments/e.json`;
      await change(file, path, value);
      const error = await assertRejects(() => readManifestFile(file), RequestError);
      assertStringIncludes((error as Error).message, `${file}: "${field}`);
    }));
}
