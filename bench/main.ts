/**
 * `deno task bench`: ours compared with peers.
 *
 * @module
 */
import { RequestError, unknownName } from "@opf/framework";
import { tensorflow, wasm, xla } from "@opf/framework/plugins";
import { precisionOf } from "../core/backend/precision.ts";
import { readArguments } from "../core/cli/arguments.ts";
import { runCommand } from "../core/cli/command.ts";
import { print, printError } from "../core/cli/output.ts";
import { MODEL, TASKS, writeBatches } from "./_data.ts";
import { machine } from "./_machine.ts";
import { measureRow, type Row, type Sides } from "./_measure.ts";
import { peerPython } from "./_python.ts";
import { CURVES, type RowPlan, ROWS, taskRows } from "./_rows.ts";

const PAIRS = 5;
const BACKENDS = { tensorflow, xla, wasm };

const USAGE = `deno task bench [name…] [options]
  measures steps, evaluation, decompositions and memory beside PyTorch, and the method as it was released
  a name is that of a row, or the first part of several names (all rows of the device)
  --pairs N          measurements of each side, in turns (${PAIRS})
  --threads N        threads of both sides (all cores)
  --data FOLDER      GLUE data, for rows of real batches too
  --models FOLDER    MiniLM, whose tokenizer those need (from a source)
  --curves           rows over sizes instead
  --backend NAME     ours: tensorflow, xla or wasm (xla on a GPU, else tensorflow)
  --device cpu|gpu   of both sides (the GPU for xla if there is one)
  --precision float32|tf32|bfloat16
                     how matrix products of steps multiply
  --compile          PyTorch with torch.compile
  --json             one JSON document on standard output`;

async function bench(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    boolean: ["json", "curves", "compile"],
    string: ["pairs", "threads", "data", "backend", "device", "precision", "models"],
  });
  const temporary = await Deno.makeTempDir();
  try {
    const name = options.choice("backend", Object.keys(BACKENDS) as (keyof typeof BACKENDS)[]);
    // Both sides run on one device.
    const device = options.choice("device", ["cpu", "gpu"]) ?? (name === "xla" && xla.hasGpu!() ? "gpu" : "cpu");
    const backend = BACKENDS[name ?? (device === "gpu" ? "xla" : "tensorflow")];
    if (device === "gpu" && !backend.hasGpu?.()) {
      throw new RequestError(`--device gpu: expected a GPU that the backend ${backend.name} can use, got none.`);
    }
    const requested = options.choice("precision", ["float32", "tf32", "bfloat16"]);
    const precision = requested && precisionOf(requested, { backend, device, name: "--precision" });
    const rowsOfDevice = ROWS.filter(({ onlyOnCpu }) => !onlyOnCpu || device === "cpu");
    // Rows of another backend are measured if they are named.
    const isOfBackend = ({ ours }: RowPlan) => ours.backend === undefined || ours.backend === backend.name;
    const plans = chosenRows(
      [...options.flag("curves") ? CURVES : rowsOfDevice, ...await rowsOfTasks(temporary)],
      options.words,
    ).filter((plan) => options.words.length > 0 || isOfBackend(plan));
    const needPython = plans.some(({ peer }) => peer?.side === "python");
    const python = needPython ? await peerPython(printError) : undefined;
    const threads = options.count("threads") ?? navigator.hardwareConcurrency;
    const sides: Sides = {
      threads,
      compile: options.flag("compile"),
      ...(python !== undefined && { python }),
      backend: backend.name,
      device,
      ...(precision !== undefined && { precision }),
    };
    const rows: Row[] = [];
    for (const plan of plans) {
      if (plan.peer?.side === "python" && python === undefined) {
        printError(`${plan.name} is skipped.`);
        continue;
      }
      printError(`${plan.name} …`);
      const row = await measureRow(plan, { sides, pairs: options.count("pairs") ?? PAIRS });
      rows.push(row);
      (options.flag("json") ? printError : print)(line(row, device === "gpu" ? undefined : plan.goal));
    }
    if (options.flag("json")) print(JSON.stringify({ machine: machine(threads), rows }));
    return 0;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }

  async function rowsOfTasks(folder: string): Promise<RowPlan[]> {
    const data = options.text("data");
    if (data === undefined) return [];
    const rows: RowPlan[] = [], model = options.text("models") ?? MODEL;
    for (const task of TASKS) rows.push(...taskRows(task, await writeBatches(task, { data, model, into: folder })));
    return rows;
  }
}

// A name is that of a row, or the first part of several names.
function chosenRows(plans: readonly RowPlan[], names: readonly string[]): readonly RowPlan[] {
  if (names.length === 0) return plans;
  const known = new Set(plans.flatMap(({ name }) => [name.split("/")[0]!, name]));
  for (const name of names) if (!known.has(name)) throw unknownName("row", name, known);
  const chosen = plans.filter(({ name }) => names.includes(name) || names.includes(name.split("/")[0]!));
  if (chosen.length === 0) throw new RequestError("Expected rows to measure, got none.");
  return chosen;
}

function line({ name, unit, ours, peer, ratio, pairs, secondsOn = {} }: Row, goal = ""): string {
  const shown = (value: number) => unit === "bytes" ? `${(value / 1e9).toFixed(2)} GB` : `${value.toPrecision(3)} s`;
  const ratios = [ratio.median, ratio.min, ratio.max].map((value) => value.toPrecision(3)) as [string, string, string];
  return [
    name.padEnd(24),
    `ours ${shown(ours)}`.padEnd(15),
    (peer === null ? "" : `peer ${shown(peer)}`).padEnd(15),
    `ratio ${ratios[0]} (${ratios[1]} to ${ratios[2]}, ${pairs} pairs)`.padEnd(40),
    goal && `goal ${goal}`,
    Object.entries(secondsOn).map(([devices, seconds]) => `${devices} devices ${shown(seconds)}`).join(", "),
  ].join("  ").trimEnd();
}

Deno.exit(await runCommand({ usage: USAGE, run: bench }, Deno.args));
