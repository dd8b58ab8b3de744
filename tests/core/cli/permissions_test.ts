// Together: core/cli/report.ts and the tasks of deno.json, which grant its permissions.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "../report/_made_up.ts";
import { run } from "./_command.ts";

const config = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));

/** The permissions of a task's process, `--allow-` left out. */
function permissions(task: string): string[] {
  const command: string = config.tasks[task].command ?? config.tasks[task];
  const program = command.indexOf(".ts ") < 0 ? command.length : command.indexOf(".ts ");
  return [...command.slice(0, program).matchAll(/--allow-([\w=,-]+)/g)].map(([, permission]) => permission!);
}

const BASE = ["read", "write", "env"];

// Other tests run every command with the flags of its task; these are all that it then needs.
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  report: ["read", "write", "env=INIT_CWD"],
  status: ["read", "env=INIT_CWD", "run", "import"],
  reproduce: [...BASE, "net", "run", "sys=systemMemoryInfo", "import"],
  export: [...BASE, "net", "run", "ffi"],
  doctor: [...BASE, "net", "run", "ffi"],
  "check-plugin": [...BASE, "net", "run", "ffi", "import"],
  worker: [...BASE, "net", "run", "ffi", "sys=systemMemoryInfo", "import"],
  fuzz: ["read", "write", "run"],
  bench: [...BASE, "net", "run", "ffi", "sys=systemMemoryInfo,loadavg,cpus"],
};

Deno.test("commands ask for no permission that they do not need, and never for all", () => {
  for (const [task, needed] of Object.entries(NEEDED)) assertEquals(permissions(task), needed, task);
  const commands = Object.values(config.tasks).map((task) => JSON.stringify(task)).filter((text) =>
    /deno run/.test(text)
  );
  assertEquals(commands.length, Object.keys(NEEDED).length);
  for (const command of commands) {
    assert(!/(^|\s)(-A|--allow-all)\b/.test(command), command);
    assertStringIncludes(command, "--no-prompt");
  }
});

Deno.test("report writes its files without network, processes, FFI and system information", () =>
  inFolder(async (folder) => {
    for (const permission of ["net", "run", "ffi", "sys", "import"]) {
      assert(!permissions("report").some((own) => own.split("=")[0] === permission), permission);
    }
    const runs = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO static": 0.8 }, seeds: [1, 2, 3] });
    await writeMadeUp(`${folder}/runs`, { experiment: "mine", baseline: "fine-tuning", runs });
    const { code, out, err } = await run(["report", "mine", "--runs", "runs"], folder);
    assertEquals(code, 0, err);
    assertMatch(out, /\| OPF-MPO static +\| \d+\.\d\d/);
    const files = [...Deno.readDirSync(`${folder}/runs/reports/mine`)].map(({ name }) => name).toSorted();
    assertEquals(files, ["charts", "report.csv", "report.html", "report.json", "report.md"]);
    assert([...Deno.readDirSync(`${folder}/runs/reports/mine/charts`)].some(({ name }) => name.endsWith(".svg")));
  }));
