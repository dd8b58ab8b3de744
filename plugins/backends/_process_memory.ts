/**
 * The memory that the process holds, and the most that it held.
 *
 * @module
 */

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

let largestSeen = 0;

/**
 * Resident memory in bytes: now, and the largest since the process began or since it was last reset (Linux). What the
 * allocator keeps for later is given back at a reset. Where there is no C library to ask (Windows), the largest is what was
 * seen whenever this was asked.
 */
export function processMemory({ resetPeak = false }: { readonly resetPeak?: boolean } = {}) {
  let peak = 0;
  try {
    peak = peakMemory(resetPeak);
  } catch {
    if (resetPeak) largestSeen = 0;
    peak = largestSeen;
  }
  const residentBytes = Deno.memoryUsage().rss;
  // The system counts the two at different times.
  largestSeen = Math.max(peak, residentBytes);
  return { residentBytes, peakBytes: largestSeen };
}

function peakMemory(reset: boolean): number {
  const { symbols: c } = library ??= Deno.dlopen(DARWIN ? "libSystem.B.dylib" : "libc.so.6", FUNCTIONS);
  if (reset) {
    c.malloc_trim?.(0n);
    const file = c.open?.(new TextEncoder().encode("/proc/self/clear_refs\0"), WRITE_ONLY) ?? -1;
    if (file >= 0) [c.write!(file, new Uint8Array([53]), 1n), c.close!(file)]; // "5": the peak begins anew
  }
  const usage = new BigInt64Array(18); // struct rusage: two times of two words, then ru_maxrss
  c.getrusage?.(0, new Uint8Array(usage.buffer));
  return Number(usage[4]) * (DARWIN ? 1 : 1024);
}
