/**
 * Mode lists: sizes whose product is the number of rows or columns of a matrix.
 *
 * @module
 */

/** How a size is split into modes. */
export type Layout = "ends" | "balanced";

/**
 * The modes of a size over `tensors` tensors.
 *
 * `"ends"` is the paper's layout: (a, 1, …, 1, b) with `n = a · b` and `a ≥ b`, both as near to √n as possible: 3072 is
 * 64·48 and 768 is 32·24. `"balanced"` distributes the prime factors as evenly as possible, in descending order.
 */
export function modesOf(size: number, { tensors, layout }: { tensors: number; layout: Layout }): number[] {
  if (tensors === 1) return [size];
  if (layout === "ends") {
    let b = Math.floor(Math.sqrt(size));
    while (size % b !== 0) b--;
    return [size / b, ...Array(tensors - 2).fill(1), b];
  }
  const modes = Array<number>(tensors).fill(1);
  for (const prime of primeFactors(size).reverse()) {
    modes[modes.indexOf(Math.min(...modes))]! *= prime;
  }
  return modes.sort((a, b) => b - a);
}

function primeFactors(size: number): number[] {
  const factors = [];
  for (let prime = 2; size > 1; prime++) {
    if (prime * prime > size) prime = size;
    for (; size % prime === 0; size /= prime) factors.push(prime);
  }
  return factors;
}
