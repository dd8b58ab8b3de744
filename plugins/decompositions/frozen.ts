/**
 * The control for training itself: the selected matrices do not move.
 *
 * @module
 */
import { type Decomposition, refuseOtherOptions } from "@opf/framework";
import { checkDecomposition } from "./_check_decomposition.ts";
import { whole } from "./_whole.ts";
import { mpo } from "./mpo.ts";

/** Options of {@linkcode frozen}. */
export interface FrozenOptions {
  /** Freeze the factors of this decomposition. @default the matrix itself */
  readonly of?: Decomposition;
  /** Count the gradients in the global norm for clipping, as the authors' released code does. @default false */
  readonly asReleased?: boolean;
}

/**
 * Keeps a matrix at the values it has when it is selected. The code released with Gao et al. 2023 does so with its factors:
 * they never enter its optimizer, but their gradients count in the clipping norm (`asReleased`, with
 * `of: mpo({ tensors: 15 })`).
 *
 * @example
 * ```ts
 * import { frozen, mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(frozen().plan([4, 6]).factorShapes, [[4, 6]]);
 * assertEquals(frozen({ of: mpo({ tensors: 3 }) }).plan([4, 6]).training?.map(({ frozen }) => frozen), [true, true, true]);
 * ```
 */
export function frozen({ of: inner = whole, asReleased = false, ...rest }: FrozenOptions = {}): Decomposition {
  refuseOtherOptions("frozen", rest);
  checkDecomposition(inner, "frozen({ of })");
  return {
    name: "frozen",
    options: { ...(inner !== whole && { of: { name: inner.name, options: inner.options } }), asReleased },
    plan: (shape) => {
      const plan = inner.plan(shape);
      const training = { frozen: true, ...(asReleased && { countsInGradientNorm: true }) };
      return { ...plan, training: plan.factorShapes.map(() => training) };
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [frozen({ of: mpo({ tensors: 3 }), asReleased: true })];
