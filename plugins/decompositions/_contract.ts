/**
 * Contraction of a matrix product operator in the cheapest order.
 *
 * @module
 */
import { tf } from "@opf/framework";

/**
 * The matrix `[Π i(k), Π j(k)]` of local tensors `[d(k−1), i(k), j(k), d(k)]`. Neighbours are multiplied in the order
 * that takes the fewest multiplications (dynamic programming over intervals, as for a chain of matrices).
 */
export function contract(tensors: readonly tf.Tensor[]): tf.Tensor2D {
  const split = cheapestSplits(tensors.map(({ shape }) => shape));
  const product = (from: number, to: number): tf.Tensor => {
    if (from === to) return tensors[from]!;
    const middle = split(from, to);
    return multiply(product(from, middle), product(middle + 1, to));
  };
  const whole = product(0, tensors.length - 1);
  return tf.reshape(whole, [whole.shape[1]!, whole.shape[2]!]);
}

// [dl, i, j, d] · [d, i', j', dr] = [dl, i·i', j·j', dr]
function multiply(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [left, i, j, d] = a.shape as [number, number, number, number];
  const [, i2, j2, right] = b.shape as [number, number, number, number];
  const flat = tf.matMul(tf.reshape(a, [left * i * j, d]), tf.reshape(b, [d, i2 * j2 * right]));
  const shape = [left, i * i2, j * j2, right];
  // Nothing to exchange where one of the middle modes is 1.
  if (j === 1 || i2 === 1) return tf.reshape(flat, shape);
  return tf.reshape(tf.transpose(tf.reshape(flat, [left, i, j, i2, j2, right]), [0, 1, 3, 2, 4, 5]), shape);
}

function cheapestSplits(shapes: readonly (readonly number[])[]): (from: number, to: number) => number {
  const known = new Map<string, { cost: number; split: number }>();
  const size = (from: number, to: number) => shapes.slice(from, to + 1).reduce((all, [, i, j]) => all * i! * j!, 1);
  const best = (from: number, to: number): { cost: number; split: number } => {
    if (from === to) return { cost: 0, split: from };
    const key = `${from},${to}`;
    const found = known.get(key);
    if (found) return found;
    const ends = shapes[from]![0]! * shapes[to]![3]!;
    let cheapest = { cost: Infinity, split: from };
    for (let split = from; split < to; split++) {
      const own = ends * size(from, split) * shapes[split]![3]! * size(split + 1, to);
      const cost = own + best(from, split).cost + best(split + 1, to).cost;
      if (cost < cheapest.cost) cheapest = { cost, split };
    }
    known.set(key, cheapest);
    return cheapest;
  };
  return (from, to) => best(from, to).split;
}
