/**
 * LAPACK on the host, out of OpenBLAS through Deno's FFI.
 *
 * @module
 */

// Elements from which on threads share the work. Where a core is busy with something else they wait for each other at each of
// hundreds of small steps: 1152×512 takes one thread 0.1 s, and two on busy cores 0.8 s.
const LARGE = 2 ** 20;
const COLUMN_MAJOR = 102, THIN = "S".charCodeAt(0);
const I = "i32", B = "buffer";
const FUNCTIONS = {
  scipy_LAPACKE_dgesdd: { parameters: [I, "i8", I, I, B, I, B, B, I, B, I], result: I },
  scipy_openblas_set_num_threads: { parameters: [I], result: "void" },
} as const;

/** The thin singular value decomposition of a matrix `[rows, columns]` in rows, `k = min(rows, columns)`. */
export interface Factors {
  /** `[rows, k]`, in rows. */
  readonly u: Float32Array<ArrayBuffer>;
  /** `[k]`, in descending order. */
  readonly s: Float32Array<ArrayBuffer>;
  /** `[k, columns]`, in rows. */
  readonly vt: Float32Array<ArrayBuffer>;
}

/** OpenBLAS with LAPACK, loaded. */
export class Lapack {
  readonly #symbols: Deno.DynamicLibrary<typeof FUNCTIONS>["symbols"];

  /** @param threads for large matrices */
  constructor(path: string, readonly threads: number) {
    this.#symbols = Deno.dlopen(path, FUNCTIONS).symbols;
  }

  /**
   * Divide and conquer in float64, so that a chain of decompositions loses no more than float32 rounds.
   *
   * @throws where the matrix has values that are not finite
   */
  svd(matrix: Float32Array, [rows, columns]: readonly [number, number]): Factors {
    const k = Math.min(rows, columns);
    this.#symbols.scipy_openblas_set_num_threads(matrix.length < LARGE ? 1 : this.threads);
    // In columns, the matrix in rows is its transpose, and so are its factors.
    const values = Float64Array.from(matrix);
    // LAPACK finds what is no number, but not infinities.
    if (!values.every(Number.isFinite)) {
      throw new Error("The singular value decomposition needs a matrix of finite values.");
    }
    const [s, v, ut] = [k, columns * k, k * rows].map((size) => new Float64Array(size)) as [
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
      Float64Array<ArrayBuffer>,
    ];
    const info = this.#symbols.scipy_LAPACKE_dgesdd(
      COLUMN_MAJOR,
      THIN,
      columns,
      rows,
      bytesOf(values),
      columns,
      bytesOf(s),
      bytesOf(v),
      columns,
      bytesOf(ut),
      k,
    );
    if (info !== 0) {
      throw new Error(`The singular value decomposition of a ${rows}×${columns} matrix did not converge.`);
    }
    return { u: Float32Array.from(ut), s: Float32Array.from(s), vt: Float32Array.from(v) };
  }
}

const bytesOf = (values: Float64Array<ArrayBuffer>) => new Uint8Array(values.buffer);
