/**
 * The six methods that experiments of this project compare.
 *
 * @module
 */
import { dense, dynamicTop, frozen, mpo, staticTop, svd, taylor } from "@opf/framework/plugins";

/**
 * Plain fine-tuning, two controls, and OPF in three variants, with `n` matrices of each module written as `tensors` local
 * tensors each; all but the dynamic one select the same matrices. Trials of a tenth of the run determine the learning rates of
 * `rate-matched`.
 */
export function sixMethods({ tensors, n }: { tensors: number; n: number }) {
  const score = taylor();
  const policy = staticTop({ n, by: "module", score });
  return {
    "fine-tuning": {},
    "frozen": { decomposition: frozen(), policy },
    "rate-matched": { decomposition: dense({ rate: { matched: mpo({ tensors }) } }), policy },
    "OPF-SVD": { decomposition: svd(), policy },
    "OPF-MPO static": { decomposition: mpo({ tensors }), policy },
    "OPF-MPO dynamic": { decomposition: mpo({ tensors }), policy: dynamicTop({ n, by: "module", score }) },
  };
}
