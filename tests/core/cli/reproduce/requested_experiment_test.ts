import { RequestError } from "@opf/framework";
import * as plugins from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { readArguments } from "../../../../core/cli/arguments.ts";
import { requestedExperiment } from "../../../../core/cli/reproduce/requested_experiment.ts";
import { sha256OfFile } from "../../../../core/io/cache.ts";
import type { ExperimentManifest } from "../../../../core/results/manifest.ts";
import { inFolder, withEnvironment } from "../../../_place.ts";
import { run } from "../_command.ts";

const registry = {
  plugins,
  tasks,
  sources: [],
  backends: [plugins.tensorflow, plugins.wasm],
  launchers: [],
  root: new URL("../../../../", import.meta.url),
};
const OPTIONS = {
  boolean: ["keep-models", "tensorboard"],
  string: ["tasks", "methods", "models", "seeds", "data", "runs", "jobs", "threads", "backend", "device", "devices"],
  collect: ["set"],
};

/** The experiment that a user requests from a folder. */
const request = (folder: string, [name, ...args]: readonly [string, ...string[]]) =>
  withEnvironment(
    { INIT_CWD: folder },
    () => requestedExperiment(name, { options: readArguments(args, OPTIONS), registry }),
  );

/** A manifest of an experiment file that leaves a mark when it is imported. */
async function writeManifest(folder: string, change: (declaration: Declaration) => object = () => ({})) {
  const file = `${folder}/mine.ts`;
  await Deno.writeTextFile(file, `Deno.writeTextFileSync(${JSON.stringify(`${folder}/imported`)}, "");\nexport {};\n`);
  const declaration = { file: pathToFileURL(file).href, sha256: await sha256OfFile(file), modules: [], changes: {} };
  const manifest: ExperimentManifest = {
    experiment: "mine",
    baseline: "fine-tuning",
    runs: [],
    declaration: { ...declaration, ...change(declaration) },
  };
  await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
}

type Declaration = NonNullable<ExperimentManifest["declaration"]>;

const isImported = (folder: string) => [...Deno.readDirSync(folder)].some(({ name }) => name === "imported");

Deno.test("paths of a request start from the user's folder; a model that is no folder is a name on the hub", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/my-bert`);
    await Deno.mkdir(`${folder}/org/model`, { recursive: true });
    await Deno.writeTextFile(`${folder}/file`, "");
    const models = "my-bert/,org/model,bert-base,org/other,./gone,file";
    const { request: { models: found, data, runs } } = await request(folder, [
      ...["quick", "--models", models, "--data", "data", "--runs", "runs"] as const,
    ]);
    assertEquals(found, [
      `${folder}/my-bert`,
      `${folder}/org/model`,
      "bert-base",
      "org/other",
      `${folder}/gone`,
      "file",
    ]);
    assertEquals([data, runs], [`${folder}/data`, `${folder}/runs`]);
  }));

Deno.test("numbers of a request are integers that are exact", () =>
  inFolder(async (folder) => {
    assertEquals((await request(folder, ["quick", "--seeds", `01,${2 ** 53 - 1}`])).request.seeds, [1, 2 ** 53 - 1]);
    for (
      const [option, value] of [["seeds", `1,${2 ** 53}`], ["seeds", "-1"], ["jobs", "0"], ["threads", "9".repeat(400)]]
    ) {
      await assertRejects(
        () => request(folder, ["quick", `--${option}=${value}`]),
        RequestError,
        `--${option}: expected`,
      );
    }
  }));

Deno.test("a manifest gives its file and its changes, and nothing else of the request", () =>
  inFolder(async (folder) => {
    const changes = { tasks: ["rte"], seeds: [7], set: ["training.epochs=1"], runs: "/etc", keepModels: true };
    await writeManifest(folder, () => ({ changes }));
    const { url, request: found, before } = await request(folder, ["manifest.json", "--runs", "runs"]);
    assertEquals(url, pathToFileURL(`${folder}/mine.ts`).href);
    assertEquals(found, {
      tasks: ["rte"],
      seeds: [7],
      set: ["training.epochs=1"],
      runs: `${folder}/runs`,
      keepModels: false,
      tensorboard: false,
    });
    assertEquals(before?.experiment, "mine");
    const mistakes = [["--seeds", "2"], ["--set", "training.epochs=2"], ["--backend", "wasm"]] as const;
    for (const [option, value] of mistakes) {
      await assertRejects(() => request(folder, ["manifest.json", option, value]), RequestError, `${option} cannot`);
    }
  }));

Deno.test("a manifest whose file is another one, or lies elsewhere, is refused", () =>
  inFolder(async (folder) => {
    const other = "0".repeat(64);
    const declarations: [change: object, message: string][] = [
      [{ sha256: other }, `expected sha256 ${other}`],
      [{ sha256: null }, "expected sha256 null"],
      [{ file: pathToFileURL(`${folder}/gone.ts`).href }, "cannot be read"],
      [{ file: "quick" }, "quick changed"],
      [{ file: "quik" }, 'Did you mean "quick"?'],
      [{ file: "http://127.0.0.1:9/evil.ts" }, "expected an experiment on this machine"],
      [{ file: "jsr:@evil/evil" }, "expected an experiment on this machine"],
      [{ file: "data:text/javascript,1" }, "Unknown experiment"],
    ];
    for (const [change, message] of declarations) {
      await writeManifest(folder, () => change);
      await assertRejects(() => request(folder, ["manifest.json"]), RequestError, message);
    }
    await writeManifest(folder);
    const { checkModules } = await request(folder, ["manifest.json"]);
    checkModules({ digests: [], origins: [] });
    let message = "";
    try {
      checkModules({ digests: [other], origins: ["http://127.0.0.1"] });
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, `expected sha256 none, got ${other}`);
  }));

Deno.test("reproduce imports nothing for a manifest that it refuses, and fetches nothing to run", () =>
  inFolder(async (folder) => {
    const requests: string[] = [];
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
      requests.push(url);
      return new Response("export {};", { headers: { "content-type": "text/javascript" } });
    });
    try {
      const remote = `http://127.0.0.1:${server.addr.port}/evil.ts`;
      const refused = async (change: object, message: string) => {
        await writeManifest(folder, () => change);
        for (const dry of [["--dry-run"], []]) {
          const { code, out, err } = await run(["reproduce", "manifest.json", "--runs", "runs", ...dry], folder);
          assertEquals([code, out], [2, ""], err);
          assertStringIncludes(err, message);
          assertEquals(err.trimEnd().split("\n").length, 1, err);
        }
        assertEquals(isImported(folder), false);
      };
      await refused({ sha256: "0".repeat(64) }, "changed: expected sha256");
      await refused({ file: remote, sha256: null }, "on this machine");
      await refused({ modules: ["0".repeat(64)] }, "the modules that");
      assertEquals(requests, []);
      // The file is the one that the manifest states: it is imported, and declares no experiment.
      await writeManifest(folder);
      const { code, err } = await run(["reproduce", "manifest.json", "--runs", "runs", "--dry-run"], folder);
      assertEquals(code, 2);
      assertStringIncludes(err, "declares no experiment");
      assertEquals(isImported(folder), true);
    } finally {
      await server.shutdown();
    }
  }));
