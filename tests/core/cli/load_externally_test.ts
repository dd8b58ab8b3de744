import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../core/results/result.ts";
import { inTinyFolder, run } from "./_command.ts";

const LOCK = new URL("../../../deno.lock", import.meta.url);

const plugin = (times: number) => `
import { type Decomposition, tf } from "@opf/framework";
import { TIMES } from "./times.ts";

/** A matrix as ${times} times a smaller one. */
export const scaled: Decomposition = {
  name: "scaled",
  options: {},
  plan: (shape) => ({
    shape,
    factorShapes: [shape],
    factorize: (matrix) => [tf.div(matrix, TIMES)],
    reconstruct: ([factor]) => tf.mul(factor!, TIMES) as tf.Tensor2D,
  }),
};
`;

async function useScaled(folder: string, from: string): Promise<void> {
  const file = `${folder}/tiny.ts`;
  const text = (await Deno.readTextFile(file)).replace("mpo({ tensors })", "scaled").replace("({ tensors })", "()");
  await Deno.writeTextFile(file, `import { scaled } from "${from}";\n${text}`);
}

const COMMAND = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--methods", "OPF-MPO static", "--json"];

async function idOf(folder: string): Promise<string> {
  const { code, out, err } = await run([...COMMAND, "--dry-run"], folder);
  assertEquals(code, 0, err);
  return JSON.parse(out).runs[0].id;
}

Deno.test("an experiment imports a plugin from a file outside the tree, and a changed plugin is another run", () =>
  inTinyFolder(async (folder) => {
    const lock = await Deno.readTextFile(LOCK);
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.writeTextFile(`${folder}/elsewhere/scaled.ts`, plugin(2));
    await Deno.writeTextFile(`${folder}/elsewhere/times.ts`, "export const TIMES = 2;\n");
    await useScaled(folder, "./elsewhere/scaled.ts");
    const { code, out, err } = await run(COMMAND, folder);
    assertEquals(code, 0, err);
    const [{ id, settings, status }] = JSON.parse(out).results as [Result];
    assertEquals(status, "done");
    assertEquals((settings as { method: { decomposition: unknown } }).method.decomposition, {
      name: "scaled",
      options: {},
    });
    assertEquals(await idOf(folder), id);
    await Deno.writeTextFile(`${folder}/elsewhere/times.ts`, "export const TIMES = 4;\n"); // what the plugin imports
    assertNotEquals(await idOf(folder), id);
    assertEquals(await Deno.readTextFile(LOCK), lock);
  }));

Deno.test("an experiment imports a plugin from a URL, fetched again after a change, without a trace in the lock file", () =>
  inTinyFolder(async (folder) => {
    const lock = await Deno.readTextFile(LOCK);
    let times = 2;
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      ({ url }) =>
        new Response(new URL(url).pathname === "/scaled.ts" ? plugin(times) : `export const TIMES = ${times};\n`, {
          headers: { "content-type": "application/typescript" },
        }),
    );
    try {
      await useScaled(folder, `http://127.0.0.1:${server.addr.port}/scaled.ts`);
      const { code, out, err } = await run(COMMAND, folder);
      assertEquals(code, 0, err);
      const [{ id }] = JSON.parse(out).results as [Result];
      times = 3;
      assertNotEquals(await idOf(folder), id);
      assertEquals(await Deno.readTextFile(LOCK), lock);

      const address = `http://127.0.0.1:${server.addr.port}/scaled.ts`;
      const checked = await run(["check-plugin", address], folder);
      assertEquals(checked.code, 0, checked.out + checked.err);
      assertStringIncludes(checked.out, "ok      scaled (decomposition)");
      assertEquals(await Deno.readTextFile(LOCK), lock);
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("check-plugin ends with 1 for a refused plugin and with 2 for a module without one", () =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/wrong.ts`,
      plugin(2).replace("tf.mul(factor!, TIMES)", "tf.mul(factor!, TIMES * 1.01)"),
    );
    await Deno.writeTextFile(`${folder}/times.ts`, "export const TIMES = 2;\n");
    const wrong = await run(["check-plugin", "wrong.ts"], folder);
    assertEquals(wrong.code, 1, wrong.err);
    assertStringIncludes(wrong.out, "REFUSED scaled (decomposition)");
    assertStringIncludes(wrong.out, "expected a relative error of at most 0.00001");
    // The same problem on several matrices, and on several backends, is one line.
    const unseeded = plugin(2).replace("tf.div(matrix, TIMES)", "tf.div(matrix, TIMES + 1e-5 * Math.random())");
    await Deno.writeTextFile(`${folder}/unseeded.ts`, unseeded);
    const { code, out } = await run(["check-plugin", "unseeded.ts"], folder);
    assertEquals(code, 1);
    assertEquals(out.match(/12×12.*gave other factors/g)?.length, 1, out);
    assertMatch(out, /\(1×7; 7×1; .*8×6 times 1e-6\), on tensorflow, .*: a second call gave other factors/);
    const none = await run(["check-plugin", "times.ts"], folder);
    assertEquals(none.code, 2);
    assertStringIncludes(none.err, "nothing to check");
    assertEquals((await run(["check-plugin", "nowhere.ts"], folder)).code, 2);
  }));
