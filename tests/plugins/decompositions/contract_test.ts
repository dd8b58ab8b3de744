import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import { contract, identity } from "../../../plugins/decompositions/_contract.ts";
import { distance, matrix } from "../../_tensors.ts";

const shaped = (seed: number, shape: number[]) => tf.reshape(matrix(1, shape.reduce((a, b) => a * b), seed), shape);

Deno.test("contract() of one tensor many times, and its slopes, are those of as many copies", () =>
  tf.tidy(() => {
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

Deno.test("contract() of a chain with identities, and its slopes, are those of tensors of the same numbers", () =>
  tf.tidy(() => {
    for (const [bond, before, after] of [[1, 1, 0], [3, 1, 0], [4, 0, 2], [5, 3, 4], [270, 2, 2]] as const) {
      const same = identity(bond);
      const own = Array.from({ length: before + after }, () => tf.clone(same));
      const chain = [
        shaped(1, [1, 2, 3, bond]),
        ...own.slice(0, before),
        shaped(2, [bond, 2, 1, bond]),
        ...own.slice(before),
        shaped(3, [bond, 3, 2, 1]),
      ];
      const outward = matrix(12, 6, 4);
      const all = (tensors: tf.Tensor[]) => {
        const slopes = tf.grads((...given: tf.Tensor[]) => contract(given))(tensors, outward);
        const moved = tensors.map((tensor, at) => tf.add(tensor, tf.mul(slopes[at]!, 0.1)));
        return [contract(tensors), ...slopes, contract(moved)];
      };
      const [found, wanted] = [all(chain), all(chain.map((tensor) => tf.mul(tensor, 1)))];
      found.forEach((tensor, at) => assertLess(distance(tensor, wanted[at]!), 1e-5));
    }
  }));
