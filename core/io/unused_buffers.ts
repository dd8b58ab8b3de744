/**
 * Memory of large arrays that nothing refers to any longer.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collectGarbage: (() => void) | undefined;
let bytesInUse = 0;

/**
 * Frees arrays that nothing refers to any longer, if there may be so many bytes of them. To be called where copies of
 * tensors are made one after another: V8 by itself keeps gigabytes of them, because its own heap stays small.
 *
 * @param atLeast of arrays that were made since they were last freed. Default: 256 MB
 */
export function freeUnusedBuffers({ atLeast = 2 ** 28 }: { readonly atLeast?: number } = {}): void {
  const { external } = Deno.memoryUsage();
  bytesInUse = Math.min(bytesInUse, external);
  if (external - bytesInUse < atLeast) return;
  setFlagsFromString("--expose-gc");
  collectGarbage ??= runInNewContext("gc") as () => void;
  collectGarbage();
  bytesInUse = Deno.memoryUsage().external;
}
