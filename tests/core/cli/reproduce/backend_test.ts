// Together: core/cli/reproduce.ts and core/execution/worker/worker_process.ts, on every backend of plugins/backends.
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { withEnvironment } from "../../../_place.ts";
import { inTinyFolder, run } from "../_command.ts";
import { events } from "../_processes.ts";

const METHODS = ["--methods", "OPF-MPO static"];
const COMMAND = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--threads", "1", "--json"];

Deno.test("a whole experiment is the same on all backends, and each keeps its own results", () =>
  inTinyFolder(async (folder) => {
    const on = async (backend: string) => {
      const { code, out, err } = await run([...COMMAND, ...METHODS, "--backend", backend], folder);
      assertEquals(code, 0, err);
      return (JSON.parse(out) as { results: Result[] }).results;
    };
    const usual = await on("tensorflow");
    const others = [["xla", await on("xla")], ["wasm", await on("wasm")]] as const;
    const logits = ({ id }: Result, runs = "runs") =>
      Deno.readTextFileSync(`${folder}/${runs}/${id}/predictions.jsonl`).trimEnd().split("\n").flatMap((line) =>
        JSON.parse(line).logits as number[]
      );
    for (const [backend, results] of others) {
      for (const [at, result] of results.entries()) {
        const expected = usual[at]!;
        assert(result.id !== expected.id);
        const environments = [expected, result].map((one) => (one.environment as { backend: string }).backend);
        assertEquals(environments, ["tensorflow", backend]);
        const settings = [expected, result].map((one) => (one.settings as { backend?: string }).backend);
        assertEquals(settings, [undefined, backend]);
        assertEquals(result.parameters, expected.parameters);
        assertEquals(result.selected.map(({ name }) => name), expected.selected.map(({ name }) => name));
        assertEquals(result.metrics, expected.metrics);
        const [a, b] = [logits(result), logits(expected)];
        const size = Math.max(...b.map(Math.abs));
        assertLess(Math.max(...a.map((logit, place) => Math.abs(logit - b[place]!))), 1e-3 * size);
      }
    }

    // Three devices, which do not divide the batch: the same run up to rounding, whichever did it.
    const { code, err, out } = await run(
      [...COMMAND, ...METHODS, "--backend", "xla", "--devices", "3", "--runs", "shared"],
      folder,
    );
    assertEquals(code, 0, err);
    assertStringIncludes(err, "on 3 devices, each a CPU");
    const [alone] = others[0][1] as [Result], [shared] = JSON.parse(out).results as [Result];
    assertEquals(shared.id, alone.id);
    assertEquals([alone, shared].map(({ environment }) => (environment as { devices: number }).devices), [1, 3]);
    assertEquals(shared.selected.map(({ name }) => name), alone.selected.map(({ name }) => name));
    assertEquals(shared.metrics, alone.metrics);
    const pairs = [logits(alone), logits(shared, "shared")] as const;
    assertLess(Math.max(...pairs[0].map((logit, place) => Math.abs(logit - pairs[1][place]!))), 1e-3);
    const last = (runs: string) =>
      events(`${folder}/${runs}/${alone.id}`).filter(({ type }) => type === "step").at(-1)!;
    assertLess(Math.abs(last("shared").loss / last("runs").loss - 1), 1e-4);

    // Reproduced from the manifest: on the same backend, and so done already.
    const again = await run(["reproduce", "runs/experiments/tiny.json", ...COMMAND.slice(2)], folder);
    assertEquals(again.code, 0, again.err);
    assertEquals(JSON.parse(again.out).results.map(({ id }: Result) => id), others[1][1].map(({ id }) => id));
    assertStringIncludes(again.err, "done before");

    const priced = async (backend: string) =>
      (await run([...COMMAND, ...METHODS, "--dry-run", "--backend", backend], folder)).err;
    assertStringIncludes(await priced("wasm"), "Times are those of tensorflow");
    assertEquals((await priced("tensorflow")).includes("Times are those"), false);
  }));

Deno.test("workers get the environment that the backend needs, except what the user sets", () =>
  withEnvironment({ GLIBC_TUNABLES: undefined }, () =>
    inTinyFolder(async (folder) => {
      const file = `${folder}/tiny.ts`;
      const telling = `\nconsole.error(Deno.args[0], "has", Deno.env.get("GLIBC_TUNABLES"));\n`;
      await Deno.writeTextFile(file, await Deno.readTextFile(file) + telling);
      const command = [...COMMAND, "--methods", "fine-tuning"];
      const offline = { HF_HUB_OFFLINE: "1" };
      const usual = await run([...command, "--backend", "tensorflow"], folder, { env: offline });
      assertStringIncludes(usual.err, "worker has glibc.malloc.hugetlb=1\n");
      const other = await run([...command, "--backend", "wasm"], folder, { env: offline });
      assertStringIncludes(other.err, "worker has undefined\n");
      const own = { ...offline, GLIBC_TUNABLES: "glibc.malloc.arena_max=8" };
      const users = await run([...command, "--backend", "tensorflow", "--runs", "others"], folder, { env: own });
      assertStringIncludes(users.err, "worker has glibc.malloc.arena_max=8\n");
    })));
