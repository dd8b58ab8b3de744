/**
 * The six methods that experiments of this project compare.
 *
 * @module
 */
import { dense, dynamicTop, frozen, mpo, staticTop, svd, taylor } from "@opf/framework/plugins";

/**
 * Plain fine-tuning, the two controls, and OPF in three ways, over `n` matrices of each module, as `tensors` local tensors
 * each; all but the dynamic one choose the same matrices. The rate of `rate-matched` is found by `matchSteps` steps.
 */
export function sixMethods({ tensors, n, matchSteps = 20 }: { tensors: number; n: number; matchSteps?: number }) {
  const score = taylor();
  const policy = staticTop({ n, by: "module", score });
  return {
    "fine-tuning": {},
    "frozen": { decomposition: frozen(), policy },
    "rate-matched": { decomposition: dense({ rate: { matched: mpo({ tensors }), steps: matchSteps } }), policy },
    "OPF-SVD": { decomposition: svd(), policy },
    "OPF-MPO static": { decomposition: mpo({ tensors }), policy },
    "OPF-MPO dynamic": { decomposition: mpo({ tensors }), policy: dynamicTop({ n, by: "module", score }) },
  };
}
