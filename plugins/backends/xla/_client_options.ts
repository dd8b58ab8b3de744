/**
 * Options that a PJRT plugin is started with.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import type { ClientOptions } from "./_client.ts";
import type { PjrtError } from "./_pjrt.ts";

/** Memory is taken as it is needed, up to this share of a card: several processes may share one. */
const GPU: ClientOptions = { preallocate: false, memory_fraction: 0.9 };

const VARIABLE = "OPF_PJRT_OPTIONS";

/**
 * The options for a device, and those of the user's `OPF_PJRT_OPTIONS`: `preallocate=true,memory_fraction=0.5,allocator=platform`.
 *
 * @throws {RequestError} unless that is a list of names and values
 */
export function clientOptions(isGpu: boolean, env: Pick<Deno.Env, "get"> = Deno.env): ClientOptions {
  const given = (env.get(VARIABLE) ?? "").split(",").filter((entry) => entry !== "").map((entry) => {
    const [, name, value] = /^\s*(\w+)=(.+?)\s*$/.exec(entry) ?? [];
    if (!name) throw new RequestError(`${VARIABLE}: expected name=value, separated by commas, got "${entry}".`);
    return [name, valueOf(value!)] as const;
  });
  return { ...(isGpu && GPU), ...Object.fromEntries(given) };
}

const valueOf = (text: string): string | number | boolean =>
  text === "true" || text === "false" ? text === "true" : Number.isNaN(Number(text)) ? text : Number(text);

/** Why a plugin does not start, and what to do. */
export function startError({ message, code }: PjrtError): string {
  const reason = message.split("\n")[0]!;
  if (/unexpected option/i.test(reason)) {
    return `${reason}. ${VARIABLE} has options for it; a plugin for the CPU needs --device cpu beside a GPU.`;
  }
  if (code === "RESOURCE_EXHAUSTED" || /out.of.memory|busy or unavailable|device.unavailable/i.test(reason)) {
    return `${reason}. Another process may use the GPU: wait until it ends (nvidia-smi lists it), let each take a part ` +
      `of the memory (${VARIABLE}=memory_fraction=0.4), or use --device cpu.`;
  }
  return `${reason}.`;
}
