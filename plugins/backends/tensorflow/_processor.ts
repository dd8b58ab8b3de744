/**
 * The processor, where what is fastest depends on it.
 *
 * @module
 */

/** What Linux says of the processors; empty elsewhere. */
export const processorInfo = (): Promise<string> => Deno.readTextFile("/proc/cpuinfo").catch(() => "");

/**
 * Whether it is AMD's, of family 25 (Zen 4) or lower: without vectors of 512 bits, or computing them in halves. There a
 * kernel of a chain's small products is faster than oneDNN, the library's multiplier on CPUs; on Intel's and on Zen 5 it
 * is slower.
 */
export const isAmdBeforeZen5 = (info: string): boolean =>
  /^vendor_id\s*: AuthenticAMD\ncpu family\s*: (1\d|2[0-5])$/m.test(info);
