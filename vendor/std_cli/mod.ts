/**
 * A stand-in for `jsr:@std/cli` where JSR cannot be reached: the same names and signatures, only those that this
 * project uses. Deleting `links` in `deno.json` gives the real one.
 *
 * @module
 */
export * from "./parse_args.ts";
