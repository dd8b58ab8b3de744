/**
 * Contraction of a matrix product operator in the cheapest order.
 *
 * @module
 */
import { kernel, memoize, tf } from "@opf/framework";

/**
 * The matrix `[Π i(k), Π j(k)]` of local tensors `[d(k−1), i(k), j(k), d(k)]`. Neighbours are multiplied in the order
 * that takes the fewest multiplications (dynamic programming over intervals, as for a chain of matrices). The gradient
 * is given the partial products. All products are one kernel and those of the gradient another, unless the engine's own
 * products are faster. Nothing is multiplied with what {@linkcode identity} made.
 */
export function contract(tensors: readonly tf.Tensor[]): tf.Tensor2D {
  const chain: Chain = {
    shapes: tensors.map(({ shape }) => shape),
    identities: tensors.map(({ dataId }) => unmoved.has(dataId)),
  };
  const whole = tensors.length === 1 ? tensors[0]! : contractionOf(JSON.stringify(chain))(tensors);
  return tf.reshape(whole, [whole.shape[1]!, whole.shape[2]!]);
}

/** The local tensor `[d, 1, 1, d]` that changes nothing, until training moves it. */
export function identity(bond: number): tf.Tensor {
  const made = tf.reshape(tf.eye(bond), [bond, 1, 1, bond]);
  // Of bond 1 a chain may have nothing but identities and one other tensor; then there would be no product to make.
  if (bond > 1) unmoved.add(made.dataId);
  return made;
}

// Identities as they were made: what training makes of a tensor has an id of its own.
const unmoved = new WeakSet<tf.DataId>();

/** A tensor that is given, by its number, or the product of two. */
type Node = number | readonly [left: Node, right: Node];

/** What a contraction is made for: the tensors' shapes, and which are identities. */
interface Chain {
  readonly shapes: readonly (readonly number[])[];
  readonly identities: readonly boolean[];
}

// The contraction of a chain's tensors: `[1, Π i(k), Π j(k), 1]`.
const contractionOf = memoize((described: string) => {
  const { shapes, identities }: Chain = JSON.parse(described);
  const order = cheapestOrder(shapes);
  // Of a product with an identity, the other one.
  const valued = (node: Node): Node => {
    if (typeof node === "number") return node;
    const [left, right] = [valued(node[0]), valued(node[1])];
    const isIdentity = (one: Node) => typeof one === "number" && identities[one]!;
    return isIdentity(right) ? left : isIdentity(left) ? right : node;
  };
  const products = productsIn(order).filter((node) => valued(node) === node);
  const valueOf = (node: Node, tensors: readonly tf.Tensor[], made: readonly tf.Tensor[]) => {
    const found = valued(node);
    return typeof found === "number" ? tensors[found]! : made[products.indexOf(found)]!;
  };
  // All products, the whole one last.
  const forward = kernel((...tensors) => {
    const made: tf.Tensor[] = [];
    for (const [left, right] of products) {
      made.push(product(valueOf(left, tensors, made), valueOf(right, tensors, made)));
    }
    return made;
  }, { name: "contraction", products: true });
  const backward = kernel((slope, ...values) => {
    const tensors = values.slice(0, -products.length), made = values.slice(-products.length);
    const slopes: tf.Tensor[] = [];
    const descend = (node: Node, slope: tf.Tensor): void => {
      if (typeof node === "number") return void (slopes[node] = slope);
      const [left, right] = productGradients(valueOf(node[0], tensors, made), valueOf(node[1], tensors, made), slope);
      descend(node[0], left);
      descend(node[1], right);
    };
    descend(order, slope!);
    return slopes;
  }, { name: "contractionGradient", products: true });
  return (tensors: readonly tf.Tensor[]): tf.Tensor => {
    const apply = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const given = args as tf.Tensor[];
      const made = forward(...given);
      save([...given, ...made]);
      return {
        value: made.at(-1)!,
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => backward(slope, ...saved),
      };
    });
    return apply(...tensors);
  };
});

/** The products of a node, each after those that it is made of. */
const productsIn = (node: Node): (readonly [Node, Node])[] =>
  typeof node === "number" ? [] : [...productsIn(node[0]), ...productsIn(node[1]), node];

// Both as matrices: their product, `[dl·i·j, i'·j'·dr]`, and whether two of its modes are to change places.
function asMatrices(a: tf.Tensor, b: tf.Tensor) {
  const [left, i, j, d] = a.shape as [number, number, number, number];
  const [, i2, j2, right] = b.shape as [number, number, number, number];
  const [rows, columns] = [tf.reshape(a, [left * i * j, d]), tf.reshape(b, [d, i2 * j2 * right])];
  return { rows, columns, modes: [left, i, j, i2, j2, right] as const, exchanges: j > 1 && i2 > 1 };
}

// [dl, i, j, d] · [d, i', j', dr] = [dl, i·i', j·j', dr]
function product(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const { rows, columns, modes, exchanges } = asMatrices(a, b);
  const [left, i, j, i2, j2, right] = modes;
  const flat = tf.matMul(rows, columns);
  const ordered = exchanges ? tf.transpose(tf.reshape(flat, [...modes]), [0, 1, 3, 2, 4, 5]) : flat;
  return tf.reshape(ordered, [left, i * i2, j * j2, right]);
}

// What a slope of the product is of its two parts.
function productGradients(a: tf.Tensor, b: tf.Tensor, slope: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const { rows, columns, modes, exchanges } = asMatrices(a, b);
  const [left, i, j, i2, j2, right] = modes;
  const ordered = exchanges ? tf.transpose(tf.reshape(slope, [left, i, i2, j, j2, right]), [0, 1, 3, 2, 4, 5]) : slope;
  const flat = tf.reshape(ordered, [left * i * j, i2 * j2 * right]) as tf.Tensor2D;
  return [
    tf.reshape(tf.matMul(flat, columns, false, true), a.shape),
    tf.reshape(tf.matMul(rows, flat, true, false), b.shape),
  ];
}

function cheapestOrder(shapes: readonly (readonly number[])[]): Node {
  const known = new Map<string, { cost: number; node: Node }>();
  const size = (from: number, to: number) => shapes.slice(from, to + 1).reduce((all, [, i, j]) => all * i! * j!, 1);
  const best = (from: number, to: number): { cost: number; node: Node } => {
    if (from === to) return { cost: 0, node: from };
    const key = `${from},${to}`;
    const found = known.get(key);
    if (found) return found;
    const ends = shapes[from]![0]! * shapes[to]![3]!;
    let cheapest: { cost: number; node: Node } | undefined;
    // Of equal costs the middle: halves run beside each other.
    const splits = Array.from({ length: to - from }, (_, at) => from + at);
    splits.sort((a, b) => Math.abs(2 * a + 1 - from - to) - Math.abs(2 * b + 1 - from - to));
    for (const split of splits) {
      const [left, right] = [best(from, split), best(split + 1, to)];
      const own = ends * size(from, split) * shapes[split]![3]! * size(split + 1, to);
      const cost = own + left.cost + right.cost;
      if (!cheapest || cost < cheapest.cost) cheapest = { cost, node: [left.node, right.node] };
    }
    known.set(key, cheapest!);
    return cheapest!;
  };
  return best(0, shapes.length - 1).node;
}
