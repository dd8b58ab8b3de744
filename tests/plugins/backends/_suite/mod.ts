/**
 * What every backend must be: the file of a backend chooses its engine and imports this.
 *
 * @module
 */
import "./einsum.ts";
import "./jit.ts";
import "./kernels.ts";
import "./random.ts";
import "./svd.ts";
import "./tensors.ts";
