// Together: core/report/write.ts and the formats of a report: no name is taken for markup, a formula or a property.
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { csv } from "../../../core/report/csv.ts";
import { makeReport } from "../../../core/report/report.ts";
import { writeReport } from "../../../core/report/write.ts";
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "./_made_up.ts";

const BASELINE = "constructor";

/** Methods, and how they look in a report. */
const METHODS = new Map([
  [BASELINE, BASELINE],
  ["__proto__", "__proto__"],
  ["toString", "toString"],
  ["OPF <img src=x onerror=alert(1)>", "OPF <img src=x onerror=alert(1)>"],
  ["[click](javascript:alert(1))", "[click](javascript:alert(1))"],
  ["![x](http://localhost/x.png)", "![x](http://localhost/x.png)"],
  ["two\u2028lines", "two\\u{2028}lines"],
  ["\u202ereversed", "\\u{202e}reversed"],
  ["nul\u0000 and esc\u001b[31m", "nul\\u{0} and esc\\u{1b}[31m"],
  ["=1+1", "=1+1"],
  ["`a` | *b* & &lt; # $x$", "`a` | *b* & &lt; # $x$"],
  ["'] + alert(1) + ['", "'] + alert(1) + ['"],
]);

const decoded = (markup: string) =>
  markup.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

Deno.test("names are shown as they are, escaped in every format of a report", () =>
  inFolder(async (runs) => {
    const skills = Object.fromEntries([...METHODS.keys()].map((name, index) => [name, 0.5 + index / 30]));
    const made = madeUpRuns({ skills, tasks: ["constructor", "sst2"] });
    await writeMadeUp(runs, {
      experiment: "names",
      baseline: BASELINE,
      published: { source: "S", notes: [], rows: [{ method: BASELINE, values: { sst2: 1 } }] },
      runs: made,
    });
    const report = await makeReport(await readExperimentResults("names", runs));
    assertEquals(report.experiment.runs.length, METHODS.size * 2 * 3);
    assertEquals(report.statistics.comparisons.length, (METHODS.size - 1) * 3);
    assertEquals(report.results.rows.map(({ cells: [method] }) => method), [
      BASELINE,
      `${BASELINE}, published`,
      ...[...METHODS.keys()].slice(1),
    ]);
    const folder = `${runs}/report`;
    await writeReport(report, folder);
    const read = (name: string) => Deno.readTextFile(`${folder}/${name}`);

    const html = await read("report.html");
    const rows = decoded(html.replaceAll(/<\/?(th|td|tr)[^>]*>/g, "\n")).split("\n").map((line) => line.trim());
    for (const shown of METHODS.values()) assertGreater(rows.filter((row) => row === shown).length, 0, shown);
    assert(!/<img|<a\b|<script/.test(html));

    const markdown = await read("report.md");
    const unescaped = markdown.replaceAll(/\\./g, "");
    // Only charts are linked.
    assertEquals([...unescaped.matchAll(/\]\(/g)].length, [...unescaped.matchAll(/\]\(charts\/[\w-]+\.svg\)/g)].length);
    assert(!/[<>&`]/.test(unescaped));
    const plain = markdown.replaceAll(/\\([!-/:-@[-`{-~])/g, "$1");
    for (const shown of METHODS.values()) assertStringIncludes(plain, `| ${shown}`);

    const csv = await read("report.csv");
    for (const name of METHODS.keys()) assertStringIncludes(csv, name);
    assertMatch(csv, /,'=1\+1,/); // a spreadsheet would compute it

    const json = JSON.parse(await read("report.json"));
    assertEquals(new Set(json.results.map(({ method }: { method: string }) => method)), new Set(METHODS.keys()));

    let legends = 0;
    for await (const { name } of Deno.readDir(`${folder}/charts`)) {
      const svg = await read(`charts/${name}`);
      // deno-lint-ignore no-control-regex -- XML has no controls
      assert(!/[\u0000-\u0008\u000b-\u001f\u2028\u202e]|<img/.test(svg), name);
      const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => decoded(text!));
      if (!name.startsWith("costs") && !name.startsWith("learning")) continue;
      for (const shown of METHODS.values()) assertGreater(texts.filter((text) => text === shown).length, 0, shown);
      legends++;
      if (name.startsWith("learning")) {
        // One unbroken line per method in both panels.
        assertEquals(svg.match(/class="mark-line/g)?.length, 2 * METHODS.size);
      }
    }
    assertEquals(legends, 4);
  }));

Deno.test("a metric with the name of a column of report.csv stands beside it", () =>
  inFolder(async (runs) => {
    const metrics = { accuracy: 0.5, id: 0.25, seed: 0.75, secondsTotal: 1 };
    const made = madeUpRuns({ skills: { plain: 0.5 }, seeds: [7] }).map((run) => ({
      ...run,
      examples: 2,
      changes: { metrics },
    }));
    await writeMadeUp(runs, { experiment: "names", baseline: "plain", runs: made });
    const text = csv(await readExperimentResults("names", runs));
    const [header, row] = text.trimEnd().split("\n").map((line) => line.split(","));
    const cell = (name: string) => row![header!.indexOf(name)];
    assertEquals(new Set(header).size, header!.length);
    assertEquals([cell("id"), cell("seed"), cell("accuracy")], [made[0]!.id, "7", "0.5"]);
    assertEquals(["id", "seed", "secondsTotal"].map((name) => cell(`metrics.${name}`)), ["0.25", "0.75", "1"]);
  }));
