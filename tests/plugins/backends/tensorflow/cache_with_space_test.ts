// Together: plugins/backends/tensorflow/_process.ts and _compiled.ts, with the library in a process of its own.
import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { findLibrary } from "../../../../plugins/backends/tensorflow/library.ts";
import { inFolder, printed, startDeno } from "../../../_place.ts";

Deno.test({
  name: "compiled kernels are kept inside a cache whose path has a blank",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const { cc } = await findLibrary();
      const cache = `${folder}/a cache's "own" folder`;
      await Deno.mkdir(cache);
      const code = `
        import { engine, kernel, tf, useEngine } from "@opf/framework";
        import { tensorflow } from "@opf/framework/plugins";
        useEngine(await tensorflow.start());
        const double = kernel((x) => [tf.mul(tf.exp(x), 2)], { name: "double" });
        const outer = engine().jit((x) => double(x), { name: "outer" });
        console.log(outer(tf.zeros([400, 400]))[0].dataSync()[0]);
        Deno.exit(0);
      `;
      const env = { OPF_CACHE: cache, OPF_LIBTENSORFLOW: dirname(cc) };
      assertEquals((await printed(startDeno(code, env))).trim(), "2");
      const files = [...walk(cache)];
      assert(files.some((path) => /\.pb\.[0-9a-f]{32}$/.test(path)), files.join("\n"));
      assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), [cache.slice(folder.length + 1)]);
    }),
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
