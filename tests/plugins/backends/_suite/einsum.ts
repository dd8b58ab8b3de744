/**
 * Einstein summation, against a loop over all labels.
 *
 * @module
 */
import { engine, RandomKey, tf } from "@opf/framework";
import { assert, assertEquals } from "@std/assert";

/** Equations, and the same without `...` and with an output. */
const EQUATIONS: readonly (readonly [equation: string, explicit?: string])[] = [
  ["->"],
  ["i->i"],
  ["i->"],
  ["ij->ji"],
  ["ijk->kij"],
  ["ijk->j"],
  ["ii->"],
  ["ii->i"],
  ["jiki->kj"],
  ["iiij->j"],
  ["iijj->ij"],
  ["i,->i"],
  [",->"],
  ["i,i->"],
  ["i,i->i"],
  ["i,j->ij"],
  ["i,j->ji"],
  ["i,j->"],
  ["ij,jk->ik"],
  ["ji,kj->ki"],
  ["ij,kj->ki"],
  ["bij,bjk->bik"],
  ["ibj,jbk->bki"],
  ["bij,bij->b"],
  ["ijb,kj->bki"],
  ["ij,jk->i"],
  ["iij,jj->i"],
  ["ijkl,klm->mij"],
  ["aib,bjc,ckd->adijk"],
  ["ij,jk,k->i"],
  ["i,i,i->i"],
  ["ia,ib,ic,id->abcd"],
  ["ba", "ba->ab"],
  ["ij,jk", "ij,jk->ik"],
  ["ii", "ii->"],
  [" i j , j k -> i k ", "ij,jk->ik"],
  ["...ij,...jk->...ik", "abij,bjk->abik"],
  ["i...->...i", "iab->abi"],
  ["...,...", "ab,b->ab"],
  ["i...i->...", "iabi->ab"],
  ["ij...,jk", "ijab,jk->abik"],
  ["...->...", "->"],
];

// Each label's extent; of those that are broadcast the first term has 1.
const EXTENTS: readonly { readonly [label: string]: number }[] = [
  { a: 2, b: 3, c: 1, d: 2, i: 3, j: 2, k: 4, l: 1, m: 5 },
  { a: 1, b: 1, c: 1, d: 1, i: 1, j: 1, k: 1, l: 1, m: 1 },
  { a: 2, b: 3, c: 0, d: 2, i: 3, j: 0, k: 2, l: 2, m: 1 },
  { a: 0, b: 2, c: 2, d: 1, i: 0, j: 3, k: 2, l: 2, m: 1 },
];

/** A tensor by its shape and its elements, row by row. */
interface Dense {
  readonly shape: readonly number[];
  readonly values: number[];
}

/** The sum over all labels, and the gradients of its product with `weights`, which has a weight for each element. */
function reference(explicit: string, inputs: readonly Dense[], weightsOf: (shape: number[]) => number[]) {
  const [terms, result] = explicit.split("->") as [string, string];
  const labels = terms.split(",");
  const extents = new Map<string, number>();
  labels.forEach((term, at) =>
    [...term].forEach((label, axis) => {
      const extent = inputs[at]!.shape[axis]!;
      extents.set(label, (extents.get(label) ?? 1) === 1 ? extent : extents.get(label)!);
    })
  );
  const names = [...extents.keys()];
  const sizeOf = (shape: readonly number[]) => shape.reduce((size, extent) => size * extent, 1);
  const shape = [...result].map((label) => extents.get(label)!), weights = weightsOf(shape);
  const output: number[] = Array(sizeOf(shape)).fill(0);
  const gradients = inputs.map(({ values }) => values.map(() => 0));
  for (let count = 0, total = sizeOf([...extents.values()]); count < total; count++) {
    let rest = count;
    const place = new Map(names.map((name) => {
      const extent = extents.get(name)!, index = rest % extent;
      rest = (rest - index) / extent;
      return [name, index];
    }));
    const indexIn = (term: string, of: readonly number[]) =>
      [...term].reduce((index, label, axis) => index * of[axis]! + (of[axis] === 1 ? 0 : place.get(label)!), 0);
    const at = indexIn(result, shape), own = labels.map((term, input) => indexIn(term, inputs[input]!.shape));
    const factors = own.map((index, input) => inputs[input]!.values[index]!);
    output[at]! += factors.reduce((product, factor) => product * factor, 1);
    own.forEach((index, input) =>
      gradients[input]![index]! += factors.toSpliced(input, 1).reduce(
        (product, factor) => product * factor,
        weights[at]!,
      )
    );
  }
  return [{ shape, values: output }, ...gradients.map((values, input) => ({ shape: inputs[input]!.shape, values }))];
}

const uniform = (count: number, seed: number) => [...RandomKey.of(seed).uniforms(count)].map((value) => value - 0.5);

/** Whether the first term broadcasts an axis: the explicit equation names what `...` stands for. */
const isBroadcast = (equation: string, label: string) => equation.startsWith("...") && label === "b";

Deno.test("einsum is the sum of products over labels, with gradients, eager and compiled", () => {
  for (const [equation, explicit = equation] of EQUATIONS) {
    const terms = explicit.split("->")[0]!.split(",");
    const run = (xs: tf.Tensor[]) => {
      const y = tf.einsum(equation, ...xs);
      const weights = tf.reshape(tf.tensor1d(uniform(y.size, 9)), y.shape);
      return [y, ...tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(tf.einsum(equation, ...xs), weights)))(xs)];
    };
    const compiled = engine().jit((...xs) => run(xs), { name: "einsum" });
    for (const extents of EXTENTS) {
      tf.tidy(() => {
        const inputs = terms.map((term, at): Dense => {
          const shape = [...term].map((label) => at === 0 && isBroadcast(equation, label) ? 1 : extents[label]!);
          return { shape, values: uniform(tf.util.sizeFromShape(shape), at + 1) };
        });
        const tensors = inputs.map(({ shape, values }) => tf.reshape(tf.tensor1d(values), [...shape]));
        const expected = reference(explicit, inputs, (shape) => uniform(tf.util.sizeFromShape(shape), 9));
        const eager = run(tensors);
        assertEquals(eager.map(({ shape }) => shape), expected.map(({ shape }) => [...shape]), equation);
        const all = tf.concat(eager.map((tensor) => tf.reshape(tensor, [-1])));
        assertNear(valuesOf(all), expected.flatMap(({ values }) => values), equation);
        if (extents !== EXTENTS[0]) return;
        compiled(...tensors).forEach((tensor, at) =>
          assertNear(valuesOf(tensor), expected[at]!.values, `${equation}, compiled, ${at}`)
        );
      });
    }
  }
});

const valuesOf = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

function assertNear(actual: readonly number[], expected: readonly number[], what: string): void {
  assertEquals(actual.length, expected.length, what);
  const farthest = Math.max(0, ...actual.map((value, index) => Math.abs(value - expected[index]!)));
  assert(farthest < 1e-5, `${what}: ${actual} instead of ${expected}`);
}

Deno.test("einsum makes new tensors, frees what is between, and leaves integers integers where it multiplies no matrices", () =>
  tf.tidy(() => {
    const x = tf.tensor2d([[1, 2], [3, 4]]), before = tf.memory().numTensors;
    const same = tf.einsum("ij->ij", x);
    assertEquals(tf.memory().numTensors, before + 1);
    x.dispose();
    assertEquals(same.arraySync() as unknown, [[1, 2], [3, 4]]);
    const whole = tf.tensor2d([[1, 2], [3, 4]], undefined, "int32");
    const diagonal = tf.einsum("ii->i", whole);
    assertEquals([diagonal.dtype, ...diagonal.dataSync()], ["int32", 1, 4]);
    assertEquals(tf.einsum("ij,j->ij", whole, diagonal).arraySync() as unknown, [[1, 8], [3, 16]]);
  }));
