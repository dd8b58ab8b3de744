/**
 * Pairs of measurements, one side after the other, so that other load affects both.
 *
 * @module
 */
import { type CommandLine, Side } from "./_side.ts";
import type { Measurement } from "./_work.ts";

/** How the two sides of a row are measured. */
export interface PairOptions {
  readonly ours: CommandLine;
  /** @default none: only ours is measured */
  readonly peer?: CommandLine;
  readonly pairs: number;
  /** Start new processes for each pair, to measure what happens once per process. @default false */
  readonly fresh?: boolean;
}

/** One pair; only ours if there is no peer. */
export interface Pair {
  readonly ours: Measurement;
  readonly peer?: Measurement;
}

// Processes differ in speed by a few percent, each for its whole life, so several measure the pairs.
const PROCESSES = 3;

/** Measures a row. */
export async function measurePairs({ fresh = false, pairs, ...commands }: PairOptions): Promise<Pair[]> {
  const result: Pair[] = [];
  if (!fresh) {
    for (let left = PROCESSES; left > 0; left--) {
      const share = Math.ceil((pairs - result.length) / left);
      if (share > 0) result.push(...await measureTogether(commands, share));
    }
    return result;
  }
  for (let pair = 0; pair < pairs; pair++) {
    const alone = async (command: CommandLine) => {
      const side = await Side.start(command);
      return await side.measure().finally(() => side.stop());
    };
    const ours = await alone(commands.ours);
    result.push({ ours, ...(commands.peer && { peer: await alone(commands.peer) }) });
  }
  return result;
}

async function measureTogether({ ours, peer }: Pick<PairOptions, "ours" | "peer">, pairs: number): Promise<Pair[]> {
  const sides: Side[] = [];
  try {
    for (const command of [ours, ...peer ? [peer] : []]) sides.push(await Side.start(command));
    const result: Pair[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const [ours, peer] = [await sides[0]!.measure(), await sides[1]?.measure()];
      result.push({ ours, ...(peer && { peer }) });
    }
    return result;
  } finally {
    for (const side of sides) await side.stop();
  }
}

/** Median, minimum and maximum. */
export function spread(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}
