/**
 * A plugin that does not start.
 *
 * @module
 */
import { VARIABLE } from "./client_options.ts";
import type { PjrtError } from "./pjrt.ts";

/** Why a plugin does not start, and what to do. */
export function startError({ message, code }: PjrtError): string {
  const reason = message.split("\n")[0]!;
  if (/\boption\b/i.test(reason)) {
    return `${reason}. ${VARIABLE} sets its options; a plugin for the CPU needs --device cpu beside a GPU.`;
  }
  if (code === "RESOURCE_EXHAUSTED" || /out.of.memory|busy or unavailable|device.unavailable/i.test(reason)) {
    return `${reason}. Another process may use the GPU: wait until it ends (nvidia-smi lists it), let each take a part ` +
      `of the memory (${VARIABLE}=memory_fraction=0.4), or use --device cpu.`;
  }
  return `${reason}.`;
}
