import { RandomKey, RequestError, tf } from "@opf/framework";
import { mpo, tensorsForScale } from "@opf/framework/plugins";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { distance, gap, matrix, norm, ofRank } from "../../_tensors.ts";
import { fc } from "../../_properties.ts";

const key = RandomKey.of(1);
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

Deno.test("mpo() derives the paper's mode lists", () => {
  const ends = (size: number) => {
    const shapes = mpo({ tensors: 3 }).plan([size, 1]).factorShapes;
    return [shapes[0]![1], shapes[2]![1]];
  };
  // Gao et al. 2023, tables 4 to 6, and all-MiniLM-L6-v2's two widths.
  assertEquals([3072, 768, 512, 1536, 384].map(ends), [[64, 48], [32, 24], [32, 16], [48, 32], [24, 16]]);
  assertEquals([7, 1, 2, 12].map(ends), [[7, 1], [1, 1], [2, 1], [4, 3]]);
});

Deno.test("mpo() has the parameter counts of the published shapes", () => {
  const count = (rows: number, columns: number, tensors: number) =>
    mpo({ tensors }).plan([rows, columns]).factorShapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const tensors = [2, 5, 11, 15];
  assertEquals(tensors.map((m) => count(3072, 768, m)), [3686400, 7667712, 15630336, 20938752]);
  assertEquals(tensors.map((m) => count(768, 768, m)), [921600, 1916928, 3907584, 5234688]);
  assertEquals(tensors.map((m) => count(4096, 1024, m)), [8388608, 20971520, 46137344, 62914560]);
  assertEquals(tensors.map((m) => count(1024, 1024, m)), [2097152, 5242880, 11534336, 15728640]);
});

// Matrices as products of random mode lists, of up to four tensors.
const modes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 4,
});

Deno.test("mpo() follows equations 8 and 9, entry by entry", () => {
  fc.assert(
    fc.property(modes, (pairs) => {
      const rows = pairs.map(([row]) => row), columns = pairs.map(([, column]) => column);
      tf.tidy(() => {
        const given = matrix(sizeOf(rows), sizeOf(columns));
        const plan = mpo({ tensors: pairs.length, modes: [{ rows, columns }] }).plan(given.shape);
        const sizes = pairs.map(sizeOf);
        plan.factorShapes.forEach(([left, row, column, right], k) => {
          assertEquals([row, column], pairs[k]);
          assertEquals(left, Math.min(sizeOf(sizes.slice(0, k)), sizeOf(sizes.slice(k))));
          assertEquals(right, Math.min(sizeOf(sizes.slice(0, k + 1)), sizeOf(sizes.slice(k + 1))));
        });
        const factors = plan.factorize(given, { key });
        assertLess(distance(plan.reconstruct(factors), given), 1e-5);
        // W[i1…im, j1…jm] = T(1)[i1, j1] ⋯ T(m)[im, jm], i1 and j1 counting slowest.
        const values = factors.map((factor) => factor.arraySync() as number[][][][]);
        const whole = given.arraySync();
        const digits = (index: number, bases: readonly number[]) => {
          const found = bases.map(() => 0);
          for (let k = bases.length - 1; k >= 0; k--) {
            [found[k], index] = [index % bases[k]!, Math.floor(index / bases[k]!)];
          }
          return found;
        };
        for (let i = 0; i < whole.length; i++) {
          for (let j = 0; j < whole[0]!.length; j++) {
            const [is, js] = [digits(i, rows), digits(j, columns)];
            let bond = [1];
            values.forEach((core, k) => {
              bond = core[0]![0]![0]!.map((_, right) =>
                bond.reduce((sum, value, left) => sum + value * core[left]![is[k]!]![js[k]!]![right]!, 0)
              );
            });
            assertAlmostEquals(bond[0]!, whole[i]![j]!, 1e-4);
          }
        }
      });
    }),
    { numRuns: 25 },
  );
});

Deno.test("mpo() shares singular values evenly between the two tensors of a bond", () =>
  tf.tidy(() => {
    const given = matrix(12, 20);
    const [first, middle, last] = mpo({ tensors: 3 }).plan([12, 20]).factorize(given, { key }) as tf.Tensor[];
    const bond = middle!.shape[0]!;
    assertEquals(gap(tf.reshape(middle!, [bond, bond]), tf.eye(bond)), 0); // inner modes of 1: the identity
    const left = tf.reshape(first!, [-1, bond]) as tf.Tensor2D, right = tf.reshape(last!, [bond, -1]) as tf.Tensor2D;
    const byLeft = tf.matMul(left, left, true, false), byRight = tf.matMul(right, right, false, true);
    assertLess(distance(byLeft, byRight), 1e-4); // both are the diagonal of the singular values
    assertLess(distance(byLeft, tf.diag(tf.sum(tf.mul(byLeft, tf.eye(bond)), 0))), 1e-4);
  }));

Deno.test("mpo() keeps a zero matrix and a matrix of low rank trainable", () =>
  tf.tidy(() => {
    for (const given of [tf.zeros<tf.Rank.R2>([8, 6]), ofRank(1, 8, 6)]) {
      const plan = mpo({ tensors: 4 }).plan([8, 6]);
      const factors = plan.factorize(given, { key });
      for (const factor of factors) assert(tf.all(tf.isFinite(factor)).dataSync()[0]);
      const gradients = tf.grads((...moving: tf.Tensor[]) =>
        tf.sum<tf.Scalar>(tf.mul(plan.reconstruct(moving), matrix(8, 6, 5)))
      )(factors);
      assert(gradients.some((gradient) => norm(gradient) > 1e-3));
    }
  }));

Deno.test("mpo() truncated by bond stays within the error bound that it reports", () =>
  tf.tidy(() => {
    for (const bond of [1, 2, 5]) {
      const given = matrix(24, 18);
      const plan = mpo({ tensors: 4, layout: "balanced", bond }).plan([24, 18]);
      let bound = NaN;
      const factors = plan.factorize(given, { key, report: (facts) => bound = facts.truncationBound as number });
      assert(plan.factorShapes.every((shape) => shape[0]! <= bond && shape[3]! <= bond));
      const error = norm(tf.sub(plan.reconstruct(factors), given));
      assertLessOrEqual(error, bound * 1.0001);
      assert(error > 0);
    }
  }));

Deno.test("mpo() of two tensors truncates to the best approximation of its rank", () =>
  tf.tidy(() => {
    // [[3, 0], [0, 1]] over columns of 1: what is dropped is the second singular value.
    const given = tf.tensor2d([[3, 0], [0, 1]]);
    const plan = mpo({ tensors: 2, bond: 1, modes: [{ rows: [2, 1], columns: [1, 2] }] }).plan([2, 2]);
    let bound = NaN;
    const factors = plan.factorize(given, { key, report: (facts) => bound = facts.truncationBound as number });
    assertAlmostEquals(bound, 1, 1e-6);
    assertLess(gap(plan.reconstruct(factors), [[3, 0], [0, 0]]), 1e-6);
  }));

Deno.test("mpo() truncated by tolerance is as small as the matrix allows and within the tolerance", () =>
  tf.tidy(() => {
    const given = tf.add(ofRank(2, 24, 24), tf.mul(matrix(24, 24, 4), 1e-3)) as tf.Tensor2D;
    const plan = mpo({ tensors: 3, modes: [{ rows: [24, 1], columns: [1, 24] }], tolerance: 0.05 }).plan([24, 24]);
    const factors = plan.factorize(given, { key });
    assertEquals(factors.map(({ shape }) => shape), [[1, 24, 1, 2], [2, 1, 1, 2], [2, 1, 24, 1]]);
    assertLessOrEqual(distance(plan.reconstruct(factors), given), 0.05);
  }));

Deno.test("mpo() rejects invalid options", () => {
  const rejects = (run: () => unknown, said: string) =>
    assertStringIncludes(assertThrows(run, RequestError).message, said);
  rejects(() => mpo({ tensors: 0 }), "tensors: 0");
  rejects(() => mpo({ tensors: 1.5 }), "tensors: 1.5");
  rejects(() => mpo({ bond: 0 }), "bond: 0");
  rejects(() => mpo({ tolerance: 1 }), "tolerance: 1");
  const given = mpo({ tensors: 4, modes: [{ rows: [2, 3], columns: [2, 2] }] });
  assertEquals(given.plan([6, 4]).factorShapes.length, 4); // lists of two are padded with ones
  assertEquals(given.plan([4, 6]).factorShapes[0]!.slice(1, 3), [2, 2]); // the same lists for the transpose
  rejects(() => given.plan([5, 4]), "expected mode lists for a matrix of 5×4, got 2·3 over 2·2");
  rejects(() => mpo({ tensors: 4, modes: [{ rows: [2, 3, 1], columns: [4, 1, 1] }] }).plan([6, 4]), "2·3·1");
});

Deno.test("mpo() reproduces BERT-small's published sizes in training", () => {
  // Gao et al. 2023, table 1: four FFN and four attention matrices, 28.76 M parameters before; 81 M and 34 M in training.
  const shapes = [...Array(4).fill([2048, 512]), ...Array(4).fill([512, 512])] as [number, number][];
  const modes = [{ rows: [64, 32], columns: [16, 32] }, { rows: [32, 16], columns: [16, 32] }];
  const model = 28_764_674;
  const inTraining = (tensors: number) =>
    shapes.reduce((sum, shape) => {
      const factors = mpo({ tensors, modes }).plan(shape).factorShapes.reduce((all, factor) => all + sizeOf(factor), 0);
      return sum + factors - sizeOf(shape);
    }, model);
  assertAlmostEquals(inTraining(11) / 1e6, 81.2, 0.05);
  assertAlmostEquals(inTraining(2) / 1e6, 34.0, 0.05);
});

Deno.test("tensorsForScale() returns the nearest number of tensors and the scale it reaches", () => {
  for (const [scale, tensors] of [[1.5, 2], [3, 5], [6.6, 11], [8.9, 15]] as const) {
    const found = tensorsForScale(scale, { shapes: [[768, 768]] });
    const sizes = mpo({ tensors }).plan([768, 768]).factorShapes.map(sizeOf);
    assertEquals(found, { tensors, scale: sizes.reduce((sum, size) => sum + size, 0) / 768 ** 2 });
  }
});

Deno.test("mpo({ gauge: left }) leaves all but the last tensor orthonormal, even for a zero matrix", () =>
  tf.tidy(() => {
    for (const given of [matrix(12, 20), tf.zeros<tf.Rank.R2>([12, 20])]) {
      const plan = mpo({ tensors: 4, layout: "balanced", gauge: "left" }).plan([12, 20]);
      const factors = plan.factorize(given, { key });
      for (const factor of factors.slice(0, -1)) {
        const flat = tf.reshape(factor, [-1, factor.shape[3]!]) as tf.Tensor2D;
        assertLess(gap(tf.matMul(flat, flat, true), tf.eye(factor.shape[3]!)), 1e-5);
      }
      assertAlmostEquals(norm(factors.at(-1)!), norm(given), 1e-4); // it carries the whole norm
      assertLess(distance(plan.reconstruct(factors), given), 1e-5);
    }
  }));

Deno.test("mpo()'s elements are those of its reconstruction, for awkward shapes, gauges and truncation", () =>
  tf.tidy(() => {
    const cases = [
      [mpo({ tensors: 1 }), 3, 5],
      [mpo({ tensors: 5 }), 12, 30],
      [mpo({ tensors: 4, layout: "balanced" }), 24, 36],
      [mpo({ tensors: 3, layout: "balanced", gauge: "left" }), 1, 18],
      [mpo({ tensors: 3, bond: 2 }), 8, 12],
      [mpo({ tensors: 3, tolerance: 0.3 }), 12, 12],
    ] as const;
    for (const [decomposition, rows, columns] of cases) {
      const plan = decomposition.plan([rows, columns]);
      const factors = plan.factorize(matrix(rows, columns), { key });
      const expected = plan.reconstruct(factors).arraySync() as number[][];
      const host = factors.map((factor) => ({ shape: factor.shape, values: factor.dataSync() as Float32Array }));
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          assertAlmostEquals(plan.element!(host, [row, column]), expected[row]![column]!, 2e-6);
        }
      }
    }
  }));
