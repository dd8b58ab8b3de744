import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import { contract } from "../../../plugins/decompositions/_contract.ts";
import { distance, matrix } from "../../_tensors.ts";

Deno.test("contract() of one tensor many times, and its slopes, are those of as many copies", () =>
  tf.tidy(() => {
    const shaped = (seed: number, shape: number[]) => tf.reshape(matrix(1, shape.reduce((a, b) => a * b), seed), shape);
    for (const [bond, times] of [[3, 1], [4, 2], [5, 7], [270, 4]] as const) {
      const [first, middle, last] = [
        shaped(1, [1, 2, 3, bond]),
        tf.add(tf.reshape(tf.eye(bond), [bond, 1, 1, bond]), tf.mul(shaped(2, [bond, 1, 1, bond]), 1 / bond)),
        shaped(3, [bond, 3, 2, 1]),
      ];
      const again = Array.from({ length: times }, () => tf.clone(middle));
      const copies = again.map((tensor) => tf.mul(tensor, 1));
      const outward = matrix(6, 6, 4);
      const [found, wanted] = [again, copies].map((middles) => {
        const chain = [first, ...middles, last];
        return [contract(chain), ...tf.grads((...tensors: tf.Tensor[]) => contract(tensors))(chain, outward)];
      });
      found!.forEach((tensor, at) => assertLess(distance(tensor, wanted![at]!), 1e-5));
    }
  }));
