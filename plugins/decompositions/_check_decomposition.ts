/**
 * A decomposition among the options of another one.
 *
 * @module
 */
import { type Decomposition, RequestError } from "@opf/framework";

/** Throws unless `value` is a decomposition; a function that returns one is none. */
export function checkDecomposition(value: Decomposition, option: string): void {
  if (typeof value?.plan === "function") return;
  throw new RequestError(`${option}: expected a decomposition such as mpo(), got ${Deno.inspect(value)}.`);
}
