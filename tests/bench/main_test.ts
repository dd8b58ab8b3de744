import { assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** Runs the command without a Python in `PATH`. */
async function bench(...args: string[]) {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const cache = await Deno.makeTempDir();
  const { OPF_BENCH_PYTHON: _, ...env } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...tasks.bench.command.split(" ").slice(1), ...args],
    cwd: ROOT,
    clearEnv: true,
    env: { ...env, PATH: cache, OPF_CACHE: cache },
  }).output();
  await Deno.remove(cache, { recursive: true });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("bench skips rows whose peers cannot run, with a message", async () => {
  const { code, stdout, stderr } = await bench("step/8x32", "decompose", "--json");
  assertEquals(code, 0);
  const { machine, rows } = JSON.parse(stdout);
  assertEquals(rows, []);
  assertEquals(machine.deno, Deno.version.deno);
  assertMatch(stderr, /no Python environment/);
  for (const name of ["step/8x32", "decompose/18"]) assertMatch(stderr, new RegExp(`${name} is skipped`));
});

Deno.test("bench suggests the nearest row for an unknown name", async () => {
  const { code, stdout, stderr } = await bench("step/32x129");
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /Unknown row "step\/32x129"\. Did you mean "step\/32x128"\?/);
});

Deno.test("bench refuses a device or a precision that the backend does not have, before anything is fetched", async () => {
  for (
    const [args, message] of [
      [
        ["--backend", "tensorflow", "--precision", "bfloat16"],
        /--precision: expected float32, .* tensorflow .*, got bfloat16/,
      ],
      [
        ["--backend", "xla", "--device", "cpu", "--precision", "tf32"],
        /--precision: expected float32 or bfloat16, .*got tf32/,
      ],
      [
        ["--backend", "wasm", "--device", "gpu"],
        /--device gpu: expected a GPU that the backend wasm can use, got none/,
      ],
    ] as const
  ) {
    const { code, stdout, stderr } = await bench("step/8x32", ...args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 1);
  }
});
