// Together: docs/*.md and the framework, by the listings of the guides.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BACKEND } from "../core/cli/_resumed.ts";
import { inTinyFolder, run } from "../core/cli/_command.ts";
import type { Result } from "../../core/results/result.ts";

/** The TypeScript listings of a guide, in order. */
async function listings(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../../docs/${name}.md`, import.meta.url));
  return [...text.matchAll(/```ts[^\n]*\n([\s\S]*?)```/g)].map(([, listing]) => listing!);
}

Deno.test("the guide to decompositions ends in a measured run", () =>
  inTinyFolder(async (folder) => {
    const [plugin, experiment] = await listings("writing_a_decomposition");
    await Deno.writeTextFile(`${folder}/weight_norm.ts`, plugin!);
    await Deno.writeTextFile(`${folder}/mine.ts`, experiment!);
    const checked = await run(["check-plugin", "./weight_norm.ts"], folder);
    assertEquals(checked.code, 0, checked.out + checked.err);
    assertStringIncludes(checked.out, "ok      weightNorm (decomposition)");
    const small = ["--models", "./model", "--tasks", "sst2", "--data", "data", "--runs", "runs", "--seeds", "1"];
    const settings = ["--set", "training.maxLength=16", "--set", "training.maxSteps=2"];
    const { code, out, err } = await run(["reproduce", "./mine.ts", ...small, ...settings, "--json"], folder);
    assertEquals(code, 0, err);
    const [, own] = JSON.parse(out).results as Result[];
    assertEquals([own!.method, own!.status, own!.selected.length], ["weight norm", "done", 12]);
  }));

Deno.test("the guide to policies gives plugins that keep their promises", () =>
  inTinyFolder(async (folder) => {
    const [plugin] = await listings("writing_a_policy");
    await Deno.writeTextFile(`${folder}/choice.ts`, plugin!);
    const { code, out, err } = await run(["check-plugin", "./choice.ts"], folder);
    assertEquals(code, 0, out + err);
    assertStringIncludes(out, "ok      steadiness (score)");
    assertStringIncludes(out, "ok      everySecondLayer (policy)");
  }));

const REVIEWS = { negative: "the plot is bad", neutral: "the plot is here", positive: "the film is good" };

Deno.test("the guide to tasks ends in a measured run, and in a message for a wrong label", () =>
  inTinyFolder(async (folder) => {
    const [task, experiment] = await listings("writing_a_task");
    await Deno.writeTextFile(`${folder}/reviews.ts`, task!);
    await Deno.writeTextFile(`${folder}/mine.ts`, experiment!.replace(', "rte"', ""));
    await Deno.mkdir(`${folder}/mydata/reviews`, { recursive: true });
    const rows = Object.entries(REVIEWS).map(([label, text]) => `${text}\t${label}\n`).join("");
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/mydata/reviews/${name}.tsv`, text);
    for (const name of ["train", "dev"]) await write(name, `text\tlabel\n${rows.repeat(8)}`);
    const small = ["--models", "./model", "--data", "mydata", "--runs", "runs", "--seeds", "1"];
    const settings = ["--set", "training.maxLength=16", "--set", "training.maxSteps=2"];
    const command = ["reproduce", "./mine.ts", ...small, ...settings, "--json"];
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    const [plain] = JSON.parse(out).results as Result[];
    assertEquals([plain!.primary, plain!.status, plain!.examples?.dev], ["closeness", "done", 24]);
    await write("dev", `text\tlabel\n${rows}the end\tpositiv\n`);
    const wrong = await run(command, folder);
    assertEquals(wrong.code, 2, wrong.out);
    assertStringIncludes(wrong.err, 'mydata/reviews/dev.tsv, line 5: expected a label, got "positiv".');
  }));

// Stand-ins for PBS: a job is a process per task, and a file with its state as long as it runs.
const QSUB = `#!/bin/bash
here=$(dirname "$0")
for script in "$@"; do :; done
while [ $# -gt 0 ]; do
  case "$1" in
    -J) range=\${2%%[:%]*} ;;
    -v) export "\${2?}" ;;
  esac
  shift
done
id=$(ls "$here/jobs" | wc -l)
mkdir "$here/jobs/$id"
for index in $(seq "\${range%-*}" "\${range#*-}"); do
  touch "$here/jobs/$id/$index"
  (PBS_ARRAY_ID="$id[].server" PBS_ARRAY_INDEX=$index bash "$script"; rm "$here/jobs/$id/$index") >/dev/null 2>&1 </dev/null &
done
echo "$id[].server"
`;
const QSTAT = `#!/bin/bash
cd "$(dirname "$0")/jobs"
list=""
for task in */*; do
  [ -e "$task" ] && list="$list, \\"\${task%/*}[\${task#*/}].server\\": {\\"job_state\\": \\"R\\"}"
done
echo "{ \\"Jobs\\": { \${list#, } } }"
`;

Deno.test("the guide to launchers ends in runs that a cluster's commands started", () =>
  inTinyFolder(async (folder) => {
    const [launcher] = await listings("writing_a_launcher");
    await Deno.writeTextFile(`${folder}/pbs.ts`, launcher!);
    await Deno.mkdir(`${folder}/bin/jobs`, { recursive: true });
    for (const [name, text] of [["qsub", QSUB], ["qstat", QSTAT]] as const) {
      await Deno.writeTextFile(`${folder}/bin/${name}`, text, { mode: 0o755 });
    }
    const env = { HF_HUB_OFFLINE: "1", PATH: `${folder}/bin:${Deno.env.get("PATH")}` };
    const options = [
      "--launcher",
      "./pbs.ts",
      "--launcher-option",
      "-l walltime=00:10:00",
      "--threads",
      "1",
      ...BACKEND,
    ];
    const command = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", ...options];
    const { code, out, err } = await run([...command, "--wait", "--json"], folder, { env });
    assertEquals(code, 0, out + err);
    const results = JSON.parse(out).results as Result[];
    assertEquals(results.map(({ status }) => status), ["done", "done"]);
    const launch = `${folder}/runs/launches/1`;
    assertStringIncludes(await Deno.readTextFile(`${launch}/job.sh`), "#PBS -l walltime=00:10:00");
    assertStringIncludes(await Deno.readTextFile(`${launch}/logs/0_1.log`), "OPF-MPO static");
  }));
