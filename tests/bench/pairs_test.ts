import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { measurePairs, spread } from "../../bench/_pairs.ts";
import type { CommandLine } from "../../bench/_side.ts";

/** A side that writes down when it starts and measures; its seconds count up from a number. */
async function sides(folder: string): Promise<(name: string, from: number) => CommandLine> {
  const program = `${folder}/side.ts`;
  await Deno.writeTextFile(
    program,
    `const [name, from, log] = Deno.args;
    const write = (text) => Deno.writeTextFileSync(log, text + " ", { append: true });
    write(name + " starts");
    console.log(JSON.stringify({ ready: true }));
    let seconds = Number(from);
    for await (const _ of Deno.stdin.readable) {
      write(name);
      console.log(JSON.stringify({ seconds: seconds++, cpuSeconds: 0, peakBytes: 0 }));
    }
    write(name + " ends");`,
  );
  const flags = ["run", "--no-check", `--allow-write=${folder}`, `--allow-read=${folder}`];
  return (name, from) => [Deno.execPath(), ...flags, program, name, String(from), `${folder}/log`];
}

Deno.test("measurePairs() measures one side and then the other, in processes that stay or that are new each time", async () => {
  const folder = await Deno.makeTempDir();
  const side = await sides(folder);
  const log = async () => {
    const text = await Deno.readTextFile(`${folder}/log`);
    await Deno.remove(`${folder}/log`);
    return text.trim();
  };
  const seconds = (pairs: Awaited<ReturnType<typeof measurePairs>>) =>
    pairs.map(({ ours, peer }) => [ours.seconds, peer?.seconds]);
  const [ours, peer] = [side("a", 1), side("b", 10)];
  // Three pairs of processes, however many pairs of measurements.
  const stay = (measured: string) => `a starts b starts ${measured} a ends b ends`;
  assertEquals(seconds(await measurePairs({ ours, peer, pairs: 4 })), [[1, 10], [2, 11], [1, 10], [1, 10]]);
  assertEquals(await log(), [stay("a b a b"), stay("a b"), stay("a b")].join(" "));
  assertEquals(seconds(await measurePairs({ ours, peer, pairs: 2, fresh: true })), [[1, 10], [1, 10]]);
  assertEquals(await log(), "a starts a a ends b starts b b ends a starts a a ends b starts b b ends");
  assertEquals(seconds(await measurePairs({ ours, pairs: 2 })), [[1, undefined], [1, undefined]]);
  await log();
  const broken: CommandLine = [Deno.execPath(), "eval", "Deno.exit(7)"];
  await assertRejects(() => measurePairs({ ours: broken, pairs: 1 }), Error, "exit code 7");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("spread() gives the median of an odd and of an even number of values", () => {
  assertEquals(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assertAlmostEquals(spread([4, 1, 3, 2]).median, 2.5);
});
