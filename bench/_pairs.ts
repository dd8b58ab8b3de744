/**
 * Pairs of measurements, one side and then the other, so that what else the machine does meets both.
 *
 * @module
 */
import { type CommandLine, Side } from "./_side.ts";
import type { Measurement } from "./_work.ts";

/** How a row's two sides are measured. */
export interface PairOptions {
  readonly ours: CommandLine;
  /** @default none: ours alone is measured */
  readonly peer?: CommandLine;
  readonly pairs: number;
  /** New processes for each pair: for what happens once in a process. @default false */
  readonly fresh?: boolean;
}

/** One pair; without a peer, ours alone. */
export interface Pair {
  readonly ours: Measurement;
  readonly peer?: Measurement;
}

// One process is faster than the next by a few hundredths, for as long as it lives: pairs are measured by several.
const PROCESSES = 3;

/** Measures a row. */
export async function measurePairs({ fresh = false, pairs, ...commands }: PairOptions): Promise<Pair[]> {
  const found: Pair[] = [];
  if (!fresh) {
    for (let left = PROCESSES; left > 0; left--) {
      const share = Math.ceil((pairs - found.length) / left);
      if (share > 0) found.push(...await measureTogether(commands, share));
    }
    return found;
  }
  for (let pair = 0; pair < pairs; pair++) {
    const alone = async (command: CommandLine) => {
      const side = await Side.start(command);
      return await side.measure().finally(() => side.stop());
    };
    const ours = await alone(commands.ours);
    found.push({ ours, ...(commands.peer && { peer: await alone(commands.peer) }) });
  }
  return found;
}

async function measureTogether({ ours, peer }: Pick<PairOptions, "ours" | "peer">, pairs: number): Promise<Pair[]> {
  const sides: Side[] = [];
  try {
    for (const command of [ours, ...peer ? [peer] : []]) sides.push(await Side.start(command));
    const found: Pair[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const [own, other] = [await sides[0]!.measure(), await sides[1]?.measure()];
      found.push({ ours: own, ...(other && { peer: other }) });
    }
    return found;
  } finally {
    for (const side of sides) await side.stop();
  }
}

/** Median, least and largest of some numbers. */
export function spread(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}
