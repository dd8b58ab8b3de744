/**
 * The random key of parameters that a run newly initializes.
 *
 * @module
 */
import { RandomKey } from "../random.ts";

/** The same for all methods of a seed, so that they start from the same head. */
export const headKey = (seed: number): RandomKey => RandomKey.of(seed).fold("head");
