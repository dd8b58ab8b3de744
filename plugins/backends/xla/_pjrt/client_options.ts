/**
 * Options that a PJRT plugin is started with.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import type { ClientOptions } from "./client.ts";

/** Memory is taken as it is needed, up to this share of a card: several processes may share one. */
const GPU: ClientOptions = { preallocate: false, memory_fraction: 0.9 };

/** The environment variable with the user's options. */
export const VARIABLE = "OPF_PJRT_OPTIONS";

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
