import { assert, assertEquals, assertGreater, assertNotEquals, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { type MadeUpRun, madeUpRuns, writeMadeUp } from "./_made_up.ts";
import { run as runCommand } from "../cli/_command.ts";
import { CHROMIUM, Page } from "./_browser.ts";

const RATES = [1e-5, 1e-4, 1e-3];
// Names come from people.
const NAUGHTY = `OPF-MPO <b id="x">static</b> | "&amp;`;

const sweep = (): MadeUpRun[] =>
  RATES.flatMap((rate, at) =>
    madeUpRuns({
      skills: { "fine-tuning": 0.6 + 0.1 * at, [NAUGHTY]: 0.9 - 0.1 * at, "OPF-MPO dynamic": 0.8 },
      point: { "training.learningRate": rate },
      suffix: ` (learningRate ${rate})`,
    })
  );

const TUNED = ["fine-tuning", NAUGHTY].map((method, at) => ({
  model: "tiny",
  task: "sst2",
  method,
  chosen: { "training.learningRate": [1e-4, 1e-3][at]! },
  atEdge: at === 1 ? ["training.learningRate"] : [],
  tried: RATES.map((value, place) => ({ values: { "training.learningRate": value }, mean: 0.6 + 0.1 * place })),
}));

/** A folder of made-up runs with their report. */
async function withReport(use: (paths: { runs: string; report: string }) => Promise<void>): Promise<void> {
  const runs = await Deno.makeTempDir();
  try {
    await writeMadeUp(runs, {
      experiment: "ablations/learning-rate",
      description: "Is <script>alert(1)</script> harmless?",
      baseline: "fine-tuning",
      published: {
        source: "Somebody 2023, table 1",
        notes: ["Their baseline was not rerun."],
        rows: [{
          method: `fine-tuning (learningRate ${RATES[1]})`,
          values: { sst2: 77.7 },
          parameters: { training: 28, merged: 28 },
        }],
      },
      tuned: TUNED,
      grounds: [{
        task: "sst2",
        primary: "accuracy",
        majority: 0.5092,
        ceiling: 0.9731,
        runs: [{ id: "1".repeat(16), seed: 1 }, { id: "2".repeat(16), seed: 2 }],
      }],
      runs: sweep(),
    });
    const { code, out, err } = await runCommand(["report", "ablations/learning-rate", "--runs", runs], runs);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "27 of 27 runs");
    await use({ runs, report: `${runs}/reports/ablations-learning-rate` });
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

Deno.test("report writes tables, values, notes and charts with descriptions", () =>
  withReport(async ({ runs, report }) => {
    const read = (name: string) => Deno.readTextFile(`${report}/${name}`);
    const json = JSON.parse(await read("report.json"));
    assertEquals([json.experiment, json.asked, json.results.length], ["ablations/learning-rate", 27, 27]);
    assertEquals(json.statistics.comparisons.length, 6);
    const rows = (await read("report.csv")).trimEnd().split("\n");
    assertEquals(rows.length, 28);
    assertStringIncludes(rows[0]!, "experiment,id,model,task,method,base,point,seed,status,diverged,primary,accuracy");
    assertStringIncludes(rows[4]!, '"OPF-MPO <b id=""x"">static</b> | ""&amp; (learningRate 0.00001)"');
    const text = await read("report.md");
    assertStringIncludes(text, "| fine-tuning (learningRate 0.0001), published ");
    assertStringIncludes(text, "Somebody 2023, table 1");
    assertStringIncludes(text, "Their baseline was not rerun.");
    // Neither run from random weights was done, and the plain ones have labels of a sweep.
    assertStringIncludes(text, "| task            | majority | ceiling |");
    assertStringIncludes(text, "| sst2 (accuracy) | 50.92    | 97.31   |");
    assertEquals(json.grounds[0].untrained, {});
    assertStringIncludes(text, "At the edge of what was tried: learningRate 0.001");
    // Each chart of the page is a file, and states its main values.
    const pictures = [...text.matchAll(/!\[(.+)\]\((charts\/[\w-]+\.svg)\)/g)];
    assertGreater(pictures.length, 8);
    for (const [, alt, file] of pictures) {
      assert(/\d/.test(alt!), alt);
      assertStringIncludes(await read(file!), 'role="img" aria-label="');
    }
    const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    assertEquals(sections, [
      "Over what was swept",
      "Tuning",
      "Learning curves",
      "What it costs",
      "Selected matrices",
      "Rankings of each round",
    ]);

    // Three methods' metrics over the swept setting; the two that select matrices moved.
    const svg = await read("charts/sweep-learningRate-sst2-1.svg");
    assertEquals(svg.match(/class="mark-line/g)?.length, 5);
    assertEquals(new Set([...svg.matchAll(/stroke-dasharray="([\d,]+)"/g)].map(([, dash]) => dash)).size, 3);
    for (const label of ["1e-5", "1e-4", "1e-3", "learningRate"]) assertStringIncludes(svg, `>${label}</text>`);
    assertStringIncludes(svg, "‖W − W₀‖");

    const asJson = await runCommand([
      "report",
      "ablations/learning-rate",
      "--runs",
      runs,
      "--output",
      "elsewhere",
      "--json",
    ], runs);
    assertEquals(JSON.parse(asJson.out), json);
    assertEquals(Deno.statSync(`${runs}/elsewhere/report.html`).isFile, true);
  }));

interface Seen {
  readonly tables: readonly string[];
  readonly unnamed: number;
  readonly charts: readonly { readonly alt: string; readonly width: number }[];
  readonly naughty: boolean;
  readonly ink: string;
  readonly line: string;
  readonly overflow: number;
  readonly cutCaptions: number;
}

const SEEN = `({
  tables: [...document.querySelectorAll("table")].map((table) => table.className),
  unnamed: [...document.querySelectorAll("table")].filter((table) => table.ariaLabel !== table.closest("figure").querySelector("figcaption").textContent || !table.querySelector("th[scope=row]")).length,
  charts: [...document.querySelectorAll("svg")].filter((svg) => !svg.closest("details"))
    .map((svg) => ({ alt: svg.getAttribute("role") === "img" ? svg.getAttribute("aria-label") : "", width: svg.getBoundingClientRect().width })),
  naughty: document.querySelector("#x, script") !== null,
  ink: getComputedStyle(document.querySelector("svg text")).fill,
  line: getComputedStyle(document.querySelector("svg [stroke-dasharray]")).stroke,
  overflow: document.documentElement.scrollWidth - innerWidth,
  cutCaptions: [...document.querySelectorAll("figcaption")].filter((caption) => caption.getBoundingClientRect().right > innerWidth).length,
})`;

Deno.test({
  name: `the page works in Chromium by day, by night and on a telephone${
    CHROMIUM ? "" : " (there is no Chromium here)"
  }`,
  ignore: !CHROMIUM,
  fn: () =>
    withReport(async ({ report }) => {
      await Page.with(pathToFileURL(`${report}/report.html`).href, async (page) => {
        const day = await page.value<Seen>(SEEN);
        assertEquals(day.tables.slice(0, 4), ["results", "grounds", "comparisons", "tuning"]);
        assertEquals(day.tables.at(-1), "costs");
        assertEquals(day.unnamed, 0);
        assertGreater(day.charts.length, 6);
        for (const { alt, width } of day.charts) {
          assertGreater(alt.length, 40);
          assertGreater(width, 100);
        }
        assertEquals(day.naughty, false);
        assertStringIncludes(await page.value<string>("document.body.textContent"), NAUGHTY);
        await page.scheme("dark");
        const night = await page.value<Seen>(SEEN);
        assertNotEquals(night.ink, day.ink);
        assertNotEquals(night.line, day.line);
        await page.width(390);
        const narrow = await page.value<Seen>(SEEN);
        assertEquals([narrow.overflow, narrow.cutCaptions], [0, 0]);
        assertEquals(page.errors, []);
        assertEquals(page.requests.length, 1);
      });
    }),
});

Deno.test("report expects an experiment that was run", async () => {
  const folder = await Deno.makeTempDir();
  const { code, err } = await runCommand(["report", "nothing", "--runs", folder], folder);
  assertEquals(code, 2);
  assertStringIncludes(err, 'There are no runs of "nothing"');
  await Deno.remove(folder);
});
