/**
 * On what a table was measured.
 *
 * @module
 */

import { cpus, loadavg } from "node:os";

/** Machine and versions, and how busy it was: timings of a busy machine are comparable as ratios only. */
export const machine = (threads: number) => ({
  os: `${Deno.build.os} ${Deno.build.arch}`,
  processor: cpus()[0]?.model ?? "unknown",
  cores: navigator.hardwareConcurrency,
  threads,
  memoryBytes: Deno.systemMemoryInfo().total,
  deno: Deno.version.deno,
  loadAverage: loadavg()[0]!,
});
