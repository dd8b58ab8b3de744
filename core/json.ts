/**
 * Plain JSON as a type: what `options` of a plugin are made of, and what a result stores.
 *
 * @module
 */

/** Any value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
