/**
 * What `svd()` promises on every backend.
 *
 * @module
 */
import { engine, tf } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { distance, gap, matrix, ofRank } from "../../../_tensors.ts";

Deno.test("svd() is thin and orthonormal, with values in descending order and fixed signs", () =>
  tf.tidy(() => {
    for (const [rows, columns] of [[1, 1], [1, 6], [6, 1], [7, 4], [4, 7], [9, 9]] as const) {
      const given = matrix(rows, columns);
      const { u, s, v } = engine().svd(given);
      const k = Math.min(rows, columns);
      assertEquals([u.shape, s.shape, v.shape], [[rows, k], [k], [columns, k]]);
      assertLess(distance(tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true), given), 1e-5);
      assertLess(gap(tf.matMul(u, u, true), tf.eye(k)), 1e-5);
      assertLess(gap(tf.matMul(v, v, true), tf.eye(k)), 1e-5);
      const values = s.dataSync();
      assert(values.every((value, at) => value >= 0 && (at === 0 || value <= values[at - 1]!)));
      for (const column of tf.unstack(u, 1)) {
        const entries = [...column.dataSync()];
        const largest = Math.max(...entries.map(Math.abs));
        assert(entries.find((entry) => Math.abs(entry) >= 0.999 * largest)! > 0);
      }
      const negated = engine().svd(tf.neg(given)); // differs only in the sign of v
      assertLess(gap(negated.u, u), 1e-4);
      assertLess(gap(tf.neg(negated.v), v), 1e-4);
    }
  }));

Deno.test("svd() gives known values and vectors", () =>
  tf.tidy(() => {
    // [[0, −2], [3, 0]] maps e₁ to 3·e₂ and e₂ to −2·e₁.
    const { u, s, v } = engine().svd(tf.tensor2d([[0, -2], [3, 0]]));
    assertLess(gap(s, [3, 2]), 1e-6);
    assertLess(gap(u, [[0, 1], [1, 0]]), 1e-6);
    assertLess(gap(v, [[1, 0], [0, -1]]), 1e-6);
  }));

Deno.test("svd() recovers the values a matrix was built from, whatever its condition", () =>
  tf.tidy(() => {
    const [rows, columns] = [48, 32];
    const basis = (size: number, seed: number) =>
      tf.slice2d(tf.linalg.qr(matrix(size, size, seed))[0] as tf.Tensor2D, [0, 0], [-1, columns]);
    const [left, right] = [basis(rows, 7), basis(columns, 8)];
    for (const condition of [1, 5, 30, 34, 1000, 1e5]) {
      const expected = Array.from({ length: columns }, (_, index) => condition ** (-index / (columns - 1)));
      const given: tf.Tensor2D = tf.matMul(tf.mul(left, expected) as tf.Tensor2D, right, false, true);
      const { u, s, v } = engine().svd(given);
      const name = `condition ${condition}`, values = [...s.dataSync()];
      assertLess(gap(s, expected), 5e-6, name);
      assertEquals(values, values.toSorted((a, b) => b - a), name);
      assertLess(gap(tf.matMul(u, u, true), tf.eye(columns)), 5e-6, name);
      assertLess(gap(tf.matMul(v, v, true), tf.eye(columns)), 5e-6, name);
      assertLess(gap(tf.matMul(u, tf.matMul(given, v), true), tf.diag(s)), 1e-5, name); // diagonal in these bases
      assertLess(distance(tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true), given), 5e-6, name);
    }
  }));

Deno.test("svd() of a matrix that is zero, of low rank, of equal values, very large or very small has no NaN", () =>
  tf.tidy(() => {
    const cases: Record<string, tf.Tensor2D> = {
      zero: tf.zeros([4, 6]),
      "rank 1": ofRank(1, 7, 5),
      "equal values": tf.mul(tf.eye(5), 3),
      large: tf.mul(matrix(6, 4), 1e15),
      small: tf.mul(matrix(6, 4), 1e-15),
    };
    for (const [name, given] of Object.entries(cases)) {
      const { u, s, v } = engine().svd(given);
      for (const part of [u, s, v]) assert(tf.all(tf.isFinite(part)).dataSync()[0], name);
      // Scaled to 1 first: the norm of a very small or large matrix is not a float32.
      const size = s.dataSync()[0]! || 1;
      const again = tf.matMul(tf.mul(u, tf.div(s, size)) as tf.Tensor2D, v, false, true);
      assertLess(distance(again, tf.div(given, size)), 1e-5, name);
      assertLess(gap(tf.matMul(u, u, true), tf.eye(s.size)), 1e-5, name);
      assertLess(gap(tf.matMul(v, v, true), tf.eye(s.size)), 1e-5, name);
    }
  }));

Deno.test("svd() of a matrix of rank r has r nonzero values", () =>
  tf.tidy(() => {
    const values = [...engine().svd(ofRank(2, 9, 7)).s.dataSync()];
    assert(values[1]! > 1e-3 * values[0]!);
    for (const value of values.slice(2)) assertAlmostEquals(value / values[0]!, 0, 1e-6);
  }));
