// Together: what a user reads when a plugin, a driver or a device is not as it should be, in processes of their own.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findPlugin } from "../../../../plugins/backends/xla/plugin.ts";
import { inFolder, printed, startDeno } from "../../../_place.ts";
import { inTinyFolder, run } from "../../../core/cli/_command.ts";
import { compileLibrary, driverOfVersion, failingPlugin, hasCompiler, pluginOfVersion } from "./_fake_plugins.ts";

const { path: CPU_PLUGIN } = await findPlugin({ device: "cpu" });
const EXECUTE = 55, CREATE_CLIENT = 10, RESOURCE_EXHAUSTED = 8, INTERNAL = 13;
const ignore = !hasCompiler || Deno.build.os !== "linux";

/** The message of the error that the backend does not start with. */
const startError = (device: string, env: Record<string, string>): Promise<string> =>
  printed(startDeno(
    `import { xla } from "@opf/framework/plugins";
    const error = await xla.start({ device: "${device}" }).then(() => undefined, (error) => error);
    console.log(error?.name + ": " + error?.message);
    Deno.exit(0);`,
    env,
  ));

Deno.test({
  name: "a library without the API, with none, or of another version is refused in a sentence",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const sentence = async (name: string, code: string) => {
        const path = await compileLibrary(`${folder}/${name}.so`, code);
        const text = await startError("cpu", { OPF_PJRT_PLUGIN: path });
        assertMatch(text, /^RequestError: [^\n]+\n$/);
        assertStringIncludes(text, path);
        assertStringIncludes(text, "OPF_PJRT_PLUGIN");
        return text;
      };
      assertStringIncludes(await sentence("other", "int answer(void) { return 42; }"), "expected a PJRT plugin");
      assertStringIncludes(await sentence("none", "void *GetPjrtApi(void) { return 0; }"), "has no PJRT API");
      for (const [major, minor] of [[0, 30], [1, 0]] as const) {
        const text = await sentence(`v${major}`, pluginOfVersion(major, minor));
        assertStringIncludes(text, `expected API version 0.40 or later, before 1, got ${major}.${minor}`);
      }
    }),
});

Deno.test({
  name: "a driver for an older CUDA is refused with the version that it needs",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await compileLibrary(`${folder}/libcuda.so.1`, driverOfVersion(11080));
      const text = await startError("gpu", { LD_LIBRARY_PATH: folder });
      assertStringIncludes(
        text,
        "RequestError: NVIDIA's driver is too old: expected one for CUDA 12 or later, got one",
      );
      assertStringIncludes(text, "for CUDA 11.8");
      assertStringIncludes(text, "--device cpu");
    }),
});

Deno.test({
  name: "a GPU that another process has taken is a sentence with the ways out",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const failure = { slot: CREATE_CLIENT, message: "CUDA_ERROR_OUT_OF_MEMORY: out of memory", code: INTERNAL };
      const path = await compileLibrary(`${folder}/full.so`, failingPlugin(CPU_PLUGIN, failure));
      const text = await startError("cpu", { OPF_PJRT_PLUGIN: path });
      assertMatch(text, /^RequestError: The PJRT plugin [^\n]+\n$/);
      for (const part of [path, "Another process may use the GPU", "nvidia-smi", "memory_fraction=0.4"]) {
        assertStringIncludes(text, part);
      }
    }),
});

Deno.test({
  name: "a step without room says what was requested, what is free, and which batch size takes the same steps",
  ignore,
  fn: () =>
    inTinyFolder(async (folder) => {
      const message = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 3221225472 bytes.";
      const failure = { slot: EXECUTE, fromArguments: 20, message, code: RESOURCE_EXHAUSTED };
      const path = await compileLibrary(`${folder}/full.so`, failingPlugin(CPU_PLUGIN, failure));
      const command = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--methods", "fine-tuning"];
      const { code, out, err } = await run([...command, "--backend", "xla", "--json"], folder, {
        env: { HF_HUB_OFFLINE: "1", OPF_PJRT_PLUGIN: path },
      });
      assertEquals(code, 1, err);
      const [{ status, error }] = JSON.parse(out).results;
      assertEquals(status, "failed");
      assertEquals(
        error,
        "The device is out of memory: a program requested 3.2 GB, and 1.5 GB of 2.0 GB are free. Try a batch size of 8, which " +
          "takes the same steps with --set training.batchSize=8 --set training.gradientAccumulationSteps=2.",
      );
    }),
});
