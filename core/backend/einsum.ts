/**
 * Products of tensors by the labels of their axes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";

/** A tensor with a label for each axis. */
interface Operand {
  readonly tensor: tf.Tensor;
  readonly labels: readonly string[];
}

/** An equation with a label for each axis: `.1` and `.0` are the last two of those that an ellipsis stands for. */
interface Equation {
  readonly terms: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly extents: ReadonlyMap<string, number>;
}

/**
 * Einstein summation, as `numpy.einsum`: the sum of products over all labels that are not in the output. On every backend and
 * with gradients, for it consists of matrix products; TensorFlow.js's own has no gradient and is missing on two backends.
 *
 * - Any number of tensors, which are multiplied from left to right. Where the order matters for the cost, nest calls.
 * - A label twice in one term takes the diagonal: `ii->i`; a label in one term only is summed over: `ij->i`.
 * - `...` stands for the other axes, which are broadcast and come into the output where it has `...`.
 * - Without `->` the output has the axes of `...` and then, in alphabetical order, the labels that occur once.
 *
 * @param equation one term of letters for each tensor, `->`, and the output's letters
 * @throws {Error} if the equation is none, or does not fit the tensors' shapes
 *
 * @example
 * ```ts
 * import { tf } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tf.tensor2d([[1, 2], [3, 4]]);
 * assertEquals(tf.einsum("ij,kj->ik", x, x).arraySync() as unknown, [[5, 11], [11, 25]]);
 * assertEquals(tf.einsum("ii->", x).arraySync() as unknown, 5);
 * ```
 */
export function einsum(equation: string, ...tensors: tf.Tensor[]): tf.Tensor {
  const { terms, output, extents } = parse(equation, tensors.map(({ shape }) => shape));
  return tf.tidy(() => {
    const operands = tensors.map((tensor, index) => diagonal(unbroadcast({ tensor, labels: terms[index]! }, extents)));
    const usedOutside = (begin: number, end: number) =>
      new Set([...output, ...operands.toSpliced(begin, end - begin).flatMap(({ labels }) => labels)]);
    const [first, ...others] = operands.map((operand, index) => summed(operand, usedOutside(index, index + 1)));
    const product = others.reduce(
      (left, right, index) => multiply(left, right, { kept: usedOutside(0, index + 2), extents }),
      first!,
    );
    return permuted(product, output);
  });
}

/** Sums over the axes whose labels are not kept. */
function summed({ tensor, labels }: Operand, kept: ReadonlySet<string>): Operand {
  const axes = labels.flatMap((label, axis) => kept.has(label) ? [] : [axis]);
  return axes.length === 0
    ? { tensor, labels }
    : { tensor: tf.sum(tensor, axes), labels: labels.filter((label) => kept.has(label)) };
}

/** The product of two operands, summed over the labels that both have and that are not kept. */
function multiply(
  left: Operand,
  right: Operand,
  { kept, extents }: { readonly kept: ReadonlySet<string>; readonly extents: Equation["extents"] },
): Operand {
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label)), inner = shared.filter((label) => !kept.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const shapeOf = (labels: readonly string[]) => labels.map((label) => extents.get(label)!);
  const merged = (operand: Operand, groups: readonly (readonly string[])[]) =>
    tf.reshape(permuted(operand, groups.flat()), groups.map((labels) => tf.util.sizeFromShape(shapeOf(labels))));
  const batches = batch.length === 0 ? [] : [batch];
  const [a, b] = [merged(left, [...batches, rows, inner]), merged(right, [...batches, inner, columns])];
  const labels = [...batch, ...rows, ...columns], shape = shapeOf(labels);
  // TensorFlow.js has no gradient of a product that broadcasts to an empty tensor.
  const isElementwise = inner.length === 0 && tf.util.sizeFromShape(shape) > 0;
  return { tensor: tf.reshape(isElementwise ? tf.mul(a, b) : tf.matMul(a, b), shape), labels };
}

/** A new tensor with the axes in this order. */
function permuted({ tensor, labels }: Operand, order: readonly string[]): tf.Tensor {
  const axes = order.map((label) => labels.indexOf(label));
  return axes.every((axis, index) => axis === index) ? tf.clone(tensor) : tf.transpose(tensor, axes);
}

/** Axes that others broadcast are left out, as if the term did not have them. */
function unbroadcast({ tensor, labels }: Operand, extents: Equation["extents"]): Operand {
  const isKept = (axis: number) => tensor.shape[axis] === extents.get(labels[axis]!);
  return {
    tensor: tf.reshape(tensor, tensor.shape.filter((_, axis) => isKept(axis))),
    labels: labels.filter((_, axis) => isKept(axis)),
  };
}

/** The elements whose places along axes of one label are equal. */
function diagonal({ tensor, labels }: Operand): Operand {
  const label = labels.find((label, axis) => labels.indexOf(label) !== axis);
  if (label === undefined) return { tensor, labels };
  const first = labels.indexOf(label), second = labels.indexOf(label, first + 1);
  const rest = labels.flatMap((_, axis) => axis === first || axis === second ? [] : [axis]);
  const extent = tensor.shape[first]!, shape = rest.map((axis) => tensor.shape[axis]!);
  const size = tf.util.sizeFromShape(shape);
  // One row longer, the matrix has its diagonal in the first column; slices have simpler gradients than indices.
  const square = tf.reshape(tf.transpose(tensor, [first, second, ...rest]), [extent ** 2, size]);
  const padded = tf.reshape(tf.pad(square, [[0, extent], [0, 0]]), [extent, extent + 1, size]);
  const taken = tf.reshape(tf.slice(padded, [0, 0, 0], [extent, 1, size]), [extent, ...shape]);
  return diagonal({ tensor: taken, labels: [label, ...rest.map((axis) => labels[axis]!)] });
}

const TERM = /^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/;

function parse(equation: string, shapes: readonly (readonly number[])[]): Equation {
  const fail = (what: string): never => {
    throw new Error(`einsum("${equation}") of ${shapes.map((shape) => `[${shape}]`).join(", ")}: ${what}.`);
  };
  const [inputs, result, ...more] = equation.replace(/\s/g, "").split("->") as [string, string?, ...string[]];
  const texts = inputs.split(",");
  const wrong = [...texts, result ?? ""].find((text) => !TERM.test(text));
  if (wrong !== undefined) fail(`expected letters and at most one "..." in a term, got "${wrong}"`);
  if (more.length > 0) fail('expected one "->"');
  if (texts.length !== shapes.length) {
    fail(`expected a term for each tensor, got ${texts.length} terms and ${shapes.length} tensors`);
  }
  const terms = texts.map((text, index) => {
    const rank = shapes[index]!.length, letters = text.replace("...", "").length;
    const isOpen = text.includes("...");
    if (letters > rank || letters < rank && !isOpen) fail(`expected a letter for each of ${rank} axes, got "${text}"`);
    return labelsOf(text, rank - letters);
  });
  const all = terms.flat(), open = new Set(all.filter(isOfEllipsis)).size;
  const single = all.filter((label) => !isOfEllipsis(label) && all.indexOf(label) === all.lastIndexOf(label));
  const output = labelsOf(result ?? `...${single.toSorted().join("")}`, open);
  const unknown = output.find((label, axis) => !all.includes(label) || output.indexOf(label) !== axis);
  if (unknown !== undefined) fail(`expected each letter of the output in a term, and once there, got "${unknown}"`);
  if (open > 0 && !output.includes(".0")) fail('expected "..." in the output too');
  const extents = new Map<string, number>();
  terms.forEach((labels, index) =>
    labels.forEach((label, axis) => {
      const extent = shapes[index]![axis]!, known = extents.get(label) ?? extent;
      const isBroadcast = isOfEllipsis(label) && (extent === 1 || known === 1);
      if (known !== extent && !isBroadcast) fail(`"${label}" stands for axes of ${known} and of ${extent}`);
      extents.set(label, known === 1 ? extent : known);
    })
  );
  return { terms, output, extents };
}

const isOfEllipsis = (label: string): boolean => label.startsWith(".");

/** A label for each axis of a term in which `...` stands for so many. */
const labelsOf = (text: string, open: number): string[] =>
  text.split(/(\.\.\.)/).flatMap((part) =>
    part === "..." ? Array.from({ length: open }, (_, axis) => `.${open - 1 - axis}`) : [...part]
  );
