/**
 * What every decomposition is: one suite, passed by being listed.
 *
 * @module
 */
import { checkFactors, type Decomposition, EXACT, RandomKey, tf } from "@opf/framework";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { distance, gap, matrix, ofRank } from "../../_tensors.ts";

const MATRICES: Readonly<Record<string, () => tf.Tensor2D>> = {
  "1×1": () => matrix(1, 1),
  "a row": () => matrix(1, 7),
  "a column": () => matrix(7, 1),
  "prime": () => matrix(13, 5),
  "square": () => matrix(12, 12),
  "tall": () => matrix(48, 6),
  "wide": () => matrix(6, 48),
  "rank 1": () => ofRank(1, 12, 18),
  "zero": () => tf.zeros([6, 8]),
  "large": () => tf.mul(matrix(8, 6), 1e4),
  "small": () => tf.mul(matrix(8, 6), 1e-6),
};

const key = RandomKey.of(1);

/** Tests a decomposition on awkward matrices. */
export function suite(name: string, decomposition: Decomposition): void {
  for (const [what, make] of Object.entries(MATRICES)) {
    Deno.test(`${name} on ${what} keeps its promises`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const given = make();
        const copy = tf.clone(given);
        const plan = decomposition.plan(given.shape);
        assertEquals(plan.shape, given.shape);
        const factors = plan.factorize(given, { key });
        checkFactors(plan, factors, name);
        const again = plan.reconstruct(factors);
        assertEquals(again.shape, given.shape);
        assertLessOrEqual(distance(again, given), plan.maxRelativeError ?? EXACT);
        assertEquals(gap(given, copy), 0); // what it was given is as it was
        for (const [at, other] of plan.factorize(given, { key }).entries()) assertEquals(gap(other, factors[at]!), 0);

        // Along a random direction in all factors the gradient is what the product does.
        const trained = factors.map((_, at) => !plan.training?.[at]?.frozen);
        const slope = matrix(given.shape[0], given.shape[1], 9);
        const value = (...moving: tf.Tensor[]) => tf.sum<tf.Scalar>(tf.mul(plan.reconstruct(moving), slope));
        const gradients = tf.grads(value)(factors);
        gradients.forEach((gradient, at) => {
          assertEquals(gradient.shape, factors[at]!.shape);
          assert(tf.all(tf.isFinite(gradient)).dataSync()[0], `factor ${at}'s gradient is finite`);
        });
        const reach = gradients.filter((_, at) => trained[at]).map((gradient) => tf.norm(gradient).dataSync()[0]!);
        assert(trained.every((own) => !own) || reach.some((size) => size > 0), "something has a gradient");
      });
      assertEquals(tf.memory().numTensors, before);
    });
  }

  Deno.test(`${name} has options that are plain JSON`, () => {
    assertEquals(JSON.parse(JSON.stringify(decomposition.options)), decomposition.options);
    assert(decomposition.name.length > 0);
  });
}
