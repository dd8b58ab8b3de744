/**
 * Low-rank adaptation.
 *
 * @module
 */
import { type Decomposition, refuseOtherOptions } from "@opf/framework";
import { lowRank } from "./_low_rank.ts";

/** Options of {@linkcode lora}. */
export interface LoraOptions {
  /** @default 8 */
  readonly rank?: number;
  /** The update is scaled by `alpha / rank`. @default the rank */
  readonly alpha?: number;
}

/**
 * LoRA (Hu et al. 2022): the matrix is frozen, and a product of rank r is trained beside it,
 *
 *     W [rows, columns] = W₀ + alpha/r · B [rows, r] · A [r, columns]
 *
 * A is initialized uniformly between −1/√columns and 1/√columns, as a linear layer of PyTorch is, and B with zeros, so that
 * nothing changes at first. All other parameters except the new head are frozen.
 *
 * @example
 * ```ts
 * import { lora } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = lora({ rank: 2 }).plan([6, 4]);
 * assertEquals(plan.factorShapes, [[6, 4], [6, 2], [2, 4]]);
 * assertEquals(plan.training![0], { frozen: true });
 * ```
 */
export function lora({ rank = 8, alpha = rank, ...rest }: LoraOptions = {}): Decomposition {
  refuseOtherOptions("lora", rest);
  return {
    name: "lora",
    options: { rank, alpha },
    trainOtherParameters: false,
    plan: (shape) => lowRank(shape, { rank, alpha }),
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [lora({ rank: 2, alpha: 4 })];
