/**
 * `deno task fuzz`: damaged files read, a line for each reader.
 *
 * @module
 */
import { unknownName } from "@opf/framework";
import { readArguments } from "../../core/cli/arguments.ts";
import { runCommand } from "../../core/cli/command.ts";
import { print, printError } from "../../core/cli/output.ts";
import { inFolder } from "../_place.ts";
import { readers } from "./_readers.ts";
import { fuzzWatched } from "./_watchdog.ts";

const COUNT = 10_000;

const USAGE = `deno task fuzz [options]
  reads damaged files, and prints a line for each reader
  --count N       files of each reader (${COUNT})
  --reader NAME   this reader alone (all)
  --seed S        what the damage is drawn from (1)
  --first N       the first file (0)`;

async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, { string: ["count", "reader", "seed", "first"] });
  const name = options.text("reader");
  const all = await inFolder(readers);
  const chosen = all.filter((reader) => name === undefined || reader.name === name);
  if (name !== undefined && chosen.length === 0) throw unknownName("reader", name, all.map(({ name }) => name));
  const seed = options.count("seed") ?? 1;
  let found = 0;
  print("reader\tread\trefused\twrong\tseconds");
  for (const reader of chosen.map(({ name }) => name)) {
    const start = performance.now();
    const { read, refused, findings } = await inFolder((folder) =>
      fuzzWatched({
        reader,
        seed,
        first: options.count("first") ?? 0,
        count: options.count("count") ?? COUNT,
        folder,
      })
    );
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print([reader, read, refused, findings.length, seconds].join("\t"));
    for (const { index, problem } of findings.slice(0, 20)) {
      printError(`  ${problem}\n    deno task fuzz --seed ${seed} --reader "${reader}" --first ${index} --count 1`);
    }
    found += findings.length;
  }
  return found === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runCommand({ usage: USAGE, run: main }, Deno.args));
