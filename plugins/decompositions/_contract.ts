/**
 * Contraction of a matrix product operator in the cheapest order.
 *
 * @module
 */
import { tf } from "@opf/framework";

/**
 * The matrix `[Π i(k), Π j(k)]` of local tensors `[d(k−1), i(k), j(k), d(k)]`. Neighbors are multiplied in the order that
 * takes the fewest multiplications (dynamic programming over intervals, as for a chain of matrices).
 */
export function contract(tensors: readonly tf.Tensor[]): tf.Tensor2D {
  const { order } = contractionOrder(tensors.map(({ shape }) => shape));
  const valueOf = (node: Order): tf.Tensor =>
    typeof node === "number" ? tensors[node]! : product(valueOf(node[0]), valueOf(node[1]));
  const whole = valueOf(order);
  return tf.reshape(whole, [whole.shape[1]!, whole.shape[2]!]);
}

/** A local tensor, by its index, or the product of two neighbors. */
export type Order = number | readonly [left: Order, right: Order];

// [dl, i, j, d] · [d, i', j', dr] = [dl, i·i', j·j', dr]
function product(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [left, i, j, bond] = a.shape as [number, number, number, number];
  const [, i2, j2, right] = b.shape as [number, number, number, number];
  const flat = tf.matMul(tf.reshape(a, [left * i * j, bond]), tf.reshape(b, [bond, i2 * j2 * right]));
  const crossed = j > 1 && i2 > 1;
  const ordered = crossed ? tf.transpose(tf.reshape(flat, [left, i, j, i2, j2, right]), [0, 1, 3, 2, 4, 5]) : flat;
  return tf.reshape(ordered, [left, i * i2, j * j2, right]);
}

/** The cheapest order in which to multiply local tensors of these shapes, and its number of multiplications. */
export function contractionOrder(shapes: readonly (readonly number[])[]): { order: Order; multiplications: number } {
  type Plan = ReturnType<typeof contractionOrder>;
  const cache = new Map<string, Plan>();
  const modes = (from: number, to: number) => shapes.slice(from, to + 1).reduce((size, [, i, j]) => size * i! * j!, 1);
  const cheapest = (from: number, to: number): Plan => {
    if (from === to) return { order: from, multiplications: 0 };
    const key = `${from},${to}`;
    const cached = cache.get(key);
    if (cached) return cached;
    const ends = shapes[from]![0]! * shapes[to]![3]!;
    // At equal cost the middle wins: the two halves can run in parallel.
    const splits = Array.from({ length: to - from }, (_, index) => from + index)
      .sort((a, b) => Math.abs(2 * a + 1 - from - to) - Math.abs(2 * b + 1 - from - to));
    let best: Plan | undefined;
    for (const split of splits) {
      const [left, right] = [cheapest(from, split), cheapest(split + 1, to)];
      const multiplications = ends * modes(from, split) * shapes[split]![3]! * modes(split + 1, to) +
        left.multiplications + right.multiplications;
      if (!best || multiplications < best.multiplications) best = { order: [left.order, right.order], multiplications };
    }
    cache.set(key, best!);
    return best!;
  };
  return cheapest(0, shapes.length - 1);
}
