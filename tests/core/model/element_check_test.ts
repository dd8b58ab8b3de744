import { type Architecture, RandomKey, tf, Weights } from "@opf/framework";
import { kronecker, mpo, svd } from "@opf/framework/plugins";
import { assertThrows } from "@std/assert";
import { checkElements } from "../../../core/model/element_check.ts";
import { matrix } from "../../_tensors.ts";

const architecture = {
  parameters: [{ name: "a", shape: [12, 20] }, { name: "b", shape: [12, 20] }],
  matrices: ["a", "b"].map((name, layer) => ({ name, kind: "ffn", module: "m", layer, shape: [12, 20] })),
} as unknown as Architecture;

const key = RandomKey.of(1);

Deno.test("checkElements() accepts merged matrices, and finds one element in three that is off by a thousandth", () => {
  for (const decomposition of [mpo({ tensors: 3 }), mpo({ tensors: 4, layout: "balanced" }), svd(), kronecker()]) {
    tf.tidy(() => {
      const weights = new Weights(architecture, new Map([["a", matrix(12, 20, 1)], ["b", matrix(12, 20, 2)]]));
      weights.factorize(["a"], { decomposition, key });
      const merged = weights.toDense();
      checkElements(weights, { merged, key });
      if (decomposition.name === "kronecker") return weights.dispose(); // it has no second computation
      const off = tf.tidy(() => {
        const mask = tf.tensor2d(key.uniforms(240).map((value) => value < 1 / 3 ? 1.001 : 1), [12, 20]);
        return tf.mul(merged.get("a")!, mask);
      });
      const transposed = tf.reshape(tf.transpose(merged.get("a")!), [12, 20]);
      for (const wrong of [off, transposed, tf.mul(off, NaN)]) {
        assertThrows(
          () => checkElements(weights, { merged: new Map([...merged, ["a", wrong]]), key }),
          Error,
          "Merging a: 64 elements differ",
        );
      }
      weights.dispose();
    });
  }
});
