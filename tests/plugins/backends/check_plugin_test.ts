// Together: core/check/decomposition.ts and the engines of plugins/backends, on a decomposition that is written with einsum.
import { type Decomposition, engine, tf, useEngine } from "@opf/framework";
import { tensorflow, wasm, xla } from "@opf/framework/plugins";
import { assertEquals } from "@std/assert";
import { decompositionChecks } from "../../../core/check/decomposition.ts";

// `U S Vᵀ` with the singular values as a matrix, which is computed: on a lazy backend it is pending until it is read.
const svdWithCore: Decomposition = {
  name: "svd-with-core",
  options: {},
  plan: ([rows, columns]) => {
    const k = Math.min(rows, columns);
    return {
      shape: [rows, columns],
      factorShapes: [[rows, k], [k, k], [columns, k]],
      factorize: (matrix) => {
        const { u, s, v } = engine().svd(matrix);
        return [u, tf.diag(s), v];
      },
      reconstruct: ([u, core, v]) => tf.einsum("ik,kl,jl->ij", u!, core!, v!) as tf.Tensor2D,
    };
  },
};

for (const backend of [tensorflow, wasm, xla]) {
  Deno.test(`a decomposition written with einsum keeps its contract on ${backend.name}`, async () => {
    useEngine(await backend.start());
    // All of them would take minutes to compile.
    const checks = decompositionChecks(svdWithCore).filter(([name]) => /prime 13×5|rank 2|merged$/.test(name));
    assertEquals(checks.length, 7);
    for (const [, check] of checks) await check();
  });
}
