import { assertAlmostEquals, assertEquals } from "@std/assert";
import { TimeLeft } from "../../../../core/cli/reproduce/time_left.ts";

/** Ten runs of an estimated 60 s. */
function tenRuns({ jobs }: { readonly jobs: number }): TimeLeft {
  const time = new TimeLeft(jobs);
  for (let run = 0; run < 10; run++) time.expect(`${run}`, 60);
  return time;
}

Deno.test("the time left is the estimate until something is measured, then as much longer as the runs take", () => {
  const time = tenRuns({ jobs: 1 });
  assertEquals(time.seconds, 600);
  time.finished("0", 120);
  assertEquals(time.seconds, 9 * 120);
  time.running("1", { seconds: 60, left: 60 });
  assertEquals(time.seconds, 60 + 8 * 120);
  time.later = 30;
  assertEquals(time.seconds, 60 + 8 * 120 + 60);
  assertEquals(tenRuns({ jobs: 2 }).seconds, 300);
});

Deno.test("a run that has just begun hardly changes the time that others are to take", () => {
  const time = tenRuns({ jobs: 1 });
  for (const run of ["0", "1", "2"]) time.finished(run, 60);
  time.running("3", { seconds: 2, left: 600 }); // it compiled meanwhile
  assertAlmostEquals(time.seconds, 600 + 6 * 60, 6 * 60 * 0.02);
});

Deno.test("a run that failed counts no more", () => {
  const time = tenRuns({ jobs: 1 });
  time.finished("0", undefined);
  assertEquals(time.seconds, 540);
});
