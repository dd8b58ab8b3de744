/**
 * The type of plain JSON values, such as the `options` of plugins and the contents of results.
 *
 * @module
 */

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
