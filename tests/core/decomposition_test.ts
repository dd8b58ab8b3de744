import { checkFactors, EXACT, type Factorization, relativeError, tf } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { matrix } from "../_tensors.ts";

/** A plan of two factors whose product is the matrix, changed as a test needs it. */
const plan = (change: Partial<Factorization> = {}): Factorization => ({
  shape: [4, 3],
  factorShapes: [[4, 2], [2, 3]],
  factorize: () => [],
  reconstruct: ([a, b]) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
  ...change,
});

Deno.test("checkFactors() accepts only the planned shapes, in order", () =>
  tf.tidy(() => {
    const shaped = (...shapes: number[][]) => shapes.map((shape) => tf.zeros(shape));
    checkFactors(plan(), shaped([4, 2], [2, 3]), "here");
    const wrong = [[[4, 2]], [[4, 2], [2, 3], [1]], [[2, 3], [4, 2]], [[4, 1], [1, 3]], [[4, 2, 1], [2, 3]]];
    for (const shapes of wrong) {
      const { message } = assertThrows(() => checkFactors(plan(), shaped(...shapes), "here"));
      assertEquals(message, `here: expected factors [[4,2],[2,3]], got ${JSON.stringify(shapes)}.`);
    }
  }));

Deno.test("checkFactors() accepts smaller factors for adaptive ranks, never larger ones", () =>
  tf.tidy(() => {
    const adaptiveRank = plan({ adaptiveRank: true });
    checkFactors(adaptiveRank, [tf.zeros([4, 1]), tf.zeros([1, 3])], "here");
    const { message } = assertThrows(() => checkFactors(adaptiveRank, [tf.zeros([4, 3]), tf.zeros([3, 3])], "here"));
    assertEquals(message, "here: expected factors of at most [[4,2],[2,3]], got [[4,3],[3,3]].");
    assertThrows(() => checkFactors(adaptiveRank, [tf.zeros([4]), tf.zeros([3])], "here"));
  }));

Deno.test("relativeError() is the norm of the error relative to that of the matrix", () =>
  tf.tidy(() => {
    // 3 is kept and 4 is lost of a matrix of norm 5.
    const given = tf.tensor2d([[3, 0], [0, 4]]);
    const lossy = plan({ shape: [2, 2], maxRelativeError: 0.9, reconstruct: () => tf.tensor2d([[3, 0], [0, 0]]) });
    assertAlmostEquals(relativeError(lossy, { matrix: given, factors: [], what: "here" }), 0.8, 1e-6);
    const strict = { ...lossy, maxRelativeError: 0.79 };
    assertStringIncludes(
      assertThrows(() => relativeError(strict, { matrix: given, factors: [], what: "here" })).message,
      "here: expected a relative error of at most 0.79, got 0.8",
    );
  }));

Deno.test("relativeError() allows 1e-5 by default", () =>
  tf.tidy(() => {
    assertEquals(EXACT, 1e-5);
    const given = matrix(4, 3);
    const times = (factor: number) => plan({ reconstruct: () => tf.mul(given, factor) });
    relativeError(times(1 + 0.8e-5), { matrix: given, factors: [], what: "here" });
    assertThrows(() => relativeError(times(1 + 1.2e-5), { matrix: given, factors: [], what: "here" }));
  }));

Deno.test("relativeError() rejects NaN, another shape, and a nonzero reconstruction of zero", () =>
  tf.tidy(() => {
    const [given, zero] = [matrix(4, 3), tf.zeros<tf.Rank.R2>([4, 3])];
    const error = (matrix: tf.Tensor2D, again: tf.Tensor2D) =>
      relativeError(plan({ reconstruct: () => again }), { matrix, factors: [], what: "here" });
    assertStringIncludes(assertThrows(() => error(given, tf.mul(given, NaN))).message, "got NaN");
    assertEquals(
      assertThrows(() => error(given, tf.transpose(given))).message,
      "here: expected a reconstruction [4,3], got [3,4].",
    );
    assertEquals(error(zero, zero), 0);
    assertStringIncludes(assertThrows(() => error(zero, tf.ones([4, 3]))).message, "got 3.46");
  }));

Deno.test("relativeError() leaks no tensor, even if it throws", () => {
  const given = matrix(4, 3);
  const before = tf.memory().numTensors;
  relativeError(plan({ reconstruct: () => tf.mul(given, 1) }), { matrix: given, factors: [], what: "here" });
  assertThrows(() =>
    relativeError(plan({ reconstruct: () => tf.mul(given, 2) }), { matrix: given, factors: [], what: "here" })
  );
  assertEquals(tf.memory().numTensors, before);
  given.dispose();
});
