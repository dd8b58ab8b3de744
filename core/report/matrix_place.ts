/**
 * Where a matrix stands in its model, for pictures. A report knows no model plugins, only names; a name that says nothing
 * of layers stands by itself.
 *
 * @module
 */

/** Row and column of a matrix. */
export interface MatrixPlace {
  /** The same over all layers: `attention.self.query`. */
  readonly module: string;
  /** From 0. */
  readonly layer: number;
}

/** Places of matrices by name. Where a model has several stacks of layers, the module begins with its stack. */
export function matrixPlaces(names: Iterable<string>): Map<string, MatrixPlace> {
  const parts = [...names].map((name) => {
    const words = name.replace(/\.weight$/, "").split(".");
    const at = words.findIndex((word) => /^\d+$/.test(word));
    if (at < 0) return { name, stack: "", module: words.join("."), layer: 0 };
    return {
      name,
      stack: words.slice(0, at).join("."),
      module: words.slice(at + 1).join("."),
      layer: Number(words[at]),
    };
  });
  const several = new Set(parts.map(({ stack }) => stack)).size > 1;
  return new Map(
    parts.map(({ name, stack, module, layer }) => [
      name,
      { module: several && stack ? `${stack}.${module}` : module, layer },
    ]),
  );
}
