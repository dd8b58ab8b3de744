import { tf } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { contract, contractionOrder } from "../../../plugins/decompositions/_contract.ts";
import { distance, matrix } from "../../_tensors.ts";
import { fc } from "../../_properties.ts";

const sizeOf = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);
const small = fc.integer({ min: 1, max: 4 });

/** Shapes `[d(k−1), i(k), j(k), d(k)]` of one to five neighbors. */
const chains = fc.array(fc.tuple(small, small, small), { minLength: 1, maxLength: 5 }).map((cores) =>
  cores.map(([bond, i, j], k) => [k === 0 ? 1 : bond, i, j, cores[k + 1]?.[0] ?? 1])
);
const tensorsOf = (shapes: readonly number[][]) =>
  shapes.map((shape, seed) => tf.reshape(matrix(1, sizeOf(shape), seed), shape));

/** The definition, from left to right: `W[i·i', j·j', r] = Σ_d L[i, j, d] · T[d, i', j', r]`, and its gradient by tf. */
const fromLeftToRight = (tensors: readonly tf.Tensor[]): tf.Tensor2D => {
  const whole = tensors.reduce((left, right) => {
    const [, i, j, bond] = left.shape as [number, number, number, number];
    const [, i2, j2, next] = right.shape as [number, number, number, number];
    const flat = tf.matMul(tf.reshape(left, [i * j, bond]), tf.reshape(right, [bond, i2 * j2 * next]));
    const ordered = tf.transpose(tf.reshape(flat, [i, j, i2, j2, next]), [0, 2, 1, 3, 4]);
    return tf.reshape(ordered, [1, i * i2, j * j2, next]);
  });
  return tf.reshape(whole, [whole.shape[1]!, whole.shape[2]!]) as tf.Tensor2D;
};

Deno.test("contract() of any chain, and its gradients, are those of products from left to right", () =>
  fc.assert(
    fc.property(chains, (shapes) =>
      tf.tidy(() => {
        const tensors = tensorsOf(shapes);
        const [actual, expected] = [contract, fromLeftToRight].map((compute) => {
          const value = compute(tensors);
          const outward = matrix(value.shape[0], value.shape[1], 9);
          return [value, ...tf.grads((...moving: tf.Tensor[]) => compute(moving))(tensors, outward)];
        });
        actual!.forEach((tensor, index) => assertLess(distance(tensor, expected![index]!), 1e-5));
      })),
    { numRuns: 50 },
  ));

Deno.test("contract() accepts one tensor several times, and adds up its gradients", () =>
  tf.tidy(() => {
    const [first, middle, last] = tensorsOf([[1, 2, 3, 4], [4, 1, 1, 4], [4, 3, 2, 1]]) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const outward = matrix(6, 6, 4);
    const ofShared = tf.grad((shared) => contract([first, shared, shared, last]))(middle, outward);
    const copies = [tf.clone(middle), tf.mul(middle, 1)];
    const ofCopies = tf.grads((...own: tf.Tensor[]) => contract([first, ...own, last]))(copies, outward);
    assertLess(distance(ofShared, tf.addN(ofCopies)), 1e-5);
  }));

/** Every way to put brackets, by its number of multiplications. */
function costs(shapes: readonly (readonly number[])[]): number[] {
  if (shapes.length === 1) return [0];
  return shapes.slice(1).flatMap((_, split) => {
    const [left, right] = [shapes.slice(0, split + 1), shapes.slice(split + 1)];
    const modes = sizeOf(shapes.flatMap(([, i, j]) => [i!, j!]));
    const own = shapes[0]![0]! * shapes.at(-1)![3]! * modes * right[0]![0]!;
    return costs(left).flatMap((one) => costs(right).map((other) => own + one + other));
  });
}

Deno.test("contractionOrder() is the cheapest of all orders", () => {
  fc.assert(fc.property(chains, (shapes) => {
    assertAlmostEquals(contractionOrder(shapes).multiplications, Math.min(...costs(shapes)), 1e-9);
  }));
  const known = contractionOrder([[1, 2, 1, 5], [5, 1, 1, 5], [5, 1, 3, 1]]);
  assertEquals(known, { order: [[0, 1], 2], multiplications: 2 * 5 * 5 + 2 * 5 * 3 });
});
