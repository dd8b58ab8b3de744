/**
 * The resident memory of the process, and its peak.
 *
 * @module
 */

import type { MemoryOptions } from "@opf/framework";

const WRITE_ONLY = 1;
const DARWIN = Deno.build.os === "darwin";

const I = "i32", B = "buffer";
const FUNCTIONS = {
  open: { parameters: [B, I], result: I, optional: true },
  close: { parameters: [I], result: I, optional: true },
  write: { parameters: [I, B, "usize"], result: "isize", optional: true },
  getrusage: { parameters: [I, B], result: I, optional: true },
  malloc_trim: { parameters: ["usize"], result: I, optional: true },
} as const;

let library: Deno.DynamicLibrary<typeof FUNCTIONS> | undefined;

let observedPeak = 0;

/**
 * Resident memory in bytes: the current value, and the peak since the process started or since the last reset (Linux). Both
 * a reset and `trim` return the memory that the allocator keeps in reserve. Without a C library (Windows), the peak is the largest
 * value observed by calls of this function.
 */
export function processMemory({ resetPeak = false, trim = resetPeak }: MemoryOptions = {}) {
  let peak = 0;
  try {
    peak = peakMemory({ resetPeak, trim });
  } catch {
    if (resetPeak) observedPeak = 0;
    peak = observedPeak;
  }
  const residentBytes = Deno.memoryUsage().rss;
  // The system updates the two at different times.
  observedPeak = Math.max(peak, residentBytes);
  return { residentBytes, peakBytes: observedPeak };
}

function peakMemory({ resetPeak, trim }: Required<MemoryOptions>): number {
  const { symbols: c } = library ??= Deno.dlopen(DARWIN ? "libSystem.B.dylib" : "libc.so.6", FUNCTIONS);
  if (trim) c.malloc_trim?.(0n);
  if (resetPeak) {
    const file = c.open?.(new TextEncoder().encode("/proc/self/clear_refs\0"), WRITE_ONLY) ?? -1;
    if (file >= 0) [c.write!(file, new Uint8Array([53]), 1n), c.close!(file)]; // "5" resets the peak
  }
  const usage = new BigInt64Array(18); // struct rusage: two timevals of two words, then ru_maxrss
  c.getrusage?.(0, new Uint8Array(usage.buffer));
  return Number(usage[4]) * (DARWIN ? 1 : 1024);
}
