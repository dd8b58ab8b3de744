import { assertEquals, assertRejects } from "@std/assert";
import { type ClaimHolder, readClaim, withClaim } from "../../../core/run/claim.ts";
import { inFolder, printed, startDeno } from "../../_place.ts";

const holder = (job: string): ClaimHolder => ({ launch: 1, job, restarts: 0, host: "node-1" });
const done = () => Promise.resolve({ done: true });
const dead = () => Promise.resolve(false);
const files = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();

Deno.test("a claim names who does a run, and is gone when the run is done", () =>
  inFolder(async (folder) => {
    const run = async () => {
      const { token: _, ...claim } = (await readClaim(folder))!;
      assertEquals(claim, { ...holder("12_3"), released: false });
      return { done: true, value: 5 };
    };
    assertEquals(await withClaim(folder, { holder: holder("12_3"), isAlive: dead, run }), { done: true, value: 5 });
    assertEquals(files(folder), []);
  }));

Deno.test("a live claim is respected, a dead one and a released one are followed", () =>
  inFolder(async (folder) => {
    const events: string[] = [];
    const attempt = (job: string, isAlive: boolean, run: () => Promise<{ done: boolean; error?: string }>) =>
      withClaim(folder, {
        holder: holder(job),
        isAlive: (claim) => {
          events.push(`${job} asks for ${claim.job}`);
          return Promise.resolve(isAlive);
        },
        run,
      });
    await attempt("1_0", true, async () => {
      assertEquals(await attempt("2_0", true, done), undefined);
      await attempt("3_0", false, async () => {
        assertEquals((await readClaim(folder))!.job, "3_0");
        return { done: false, error: "out of memory" };
      });
      return { done: false };
    });
    const claim = (await readClaim(folder))!;
    assertEquals([claim.job, claim.released, claim.error], ["3_0", true, "out of memory"]);
    assertEquals(await attempt("4_0", true, done), { done: true });
    assertEquals(events, ["2_0 asks for 1_0", "3_0 asks for 1_0"]);
    assertEquals(files(folder), []);
  }));

Deno.test("an attempt that throws gives the run back with its reason", () =>
  inFolder(async (folder) => {
    const run = () => Promise.reject(new Error("no such device"));
    await assertRejects(
      () => withClaim(folder, { holder: holder("1_0"), isAlive: dead, run }),
      Error,
      "no such device",
    );
    const { released, error } = (await readClaim(folder))!;
    assertEquals([released, error], [true, "no such device"]);
  }));

Deno.test("a claim that follows one that is removed meanwhile excludes no one, and is given up", () =>
  inFolder(async (folder) => {
    const first = () => Promise.resolve({ done: false });
    await withClaim(folder, { holder: holder("1_0"), isAlive: dead, run: first });
    await Deno.writeTextFile(
      `${folder}/claim-1.json`,
      JSON.stringify({ ...holder("1_0"), token: "x", released: false }),
    );
    const isAlive = async () => {
      await Deno.remove(`${folder}/claim-1.json`); // its holder was alive after all, and has just ended
      return false;
    };
    assertEquals(await withClaim(folder, { holder: holder("2_0"), isAlive, run: done }), undefined);
    assertEquals(files(folder), []);
  }));

Deno.test("a claim that follows another one than was read is given up: the run was done, and claimed anew", () =>
  inFolder(async (folder) => {
    const write = (token: string) =>
      Deno.writeTextFile(`${folder}/claim-1.json`, JSON.stringify({ ...holder("1_0"), token, released: false }));
    await write("dead");
    const isAlive = async () => {
      await Deno.remove(`${folder}/claim-1.json`);
      await write("alive");
      return false;
    };
    assertEquals(await withClaim(folder, { holder: holder("2_0"), isAlive, run: done }), undefined);
    assertEquals((await readClaim(folder))!.token, "alive");
    assertEquals(files(folder), ["claim-1.json"]);
  }));

// Each process claims the run again and again, and counts under the claim as no two processes at a time can.
const RACE = (folder: string, job: string) => `
import { withClaim } from ${JSON.stringify(new URL("../../../core/run/claim.ts", import.meta.url).href)};
const holder = { launch: 1, job: ${JSON.stringify(job)}, restarts: 0, host: "" };
let taken = 0;
while (taken < 60) {
  await withClaim("${folder}/run", {
    holder,
    isAlive: () => Promise.resolve(true),
    run: async () => {
      Deno.writeTextFileSync("${folder}/inside", holder.job, { createNew: true });
      await new Promise((resume) => setTimeout(resume, 2 * Math.random()));
      Deno.removeSync("${folder}/inside");
      taken++;
      return { done: taken % 3 === 0 };
    },
  });
}
console.log(taken);
`;

Deno.test("of processes that claim the same run at the same time one does it", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/run`);
    // All of them find the claim of a dead task first.
    await Deno.writeTextFile(
      `${folder}/run/claim-1.json`,
      JSON.stringify({ ...holder("0_0"), token: "0", released: true }),
    );
    const processes = ["1_0", "2_0", "3_0", "4_0"].map((job) => startDeno(RACE(folder, job)));
    const outputs = await Promise.allSettled(processes.map(printed)); // all have ended before the folder goes
    assertEquals(outputs, outputs.map(() => ({ status: "fulfilled", value: "60\n" })));
  }));
