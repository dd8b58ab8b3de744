/**
 * The machine that a table was measured on.
 *
 * @module
 */

import { cpus, loadavg } from "node:os";

/** Machine, versions and load: on a busy machine only ratios are comparable. */
export const machine = (threads: number) => ({
  os: `${Deno.build.os} ${Deno.build.arch}`,
  processor: cpus()[0]?.model ?? "unknown",
  cores: navigator.hardwareConcurrency,
  threads,
  memoryBytes: Deno.systemMemoryInfo().total,
  deno: Deno.version.deno,
  loadAverage: loadavg()[0]!,
});
