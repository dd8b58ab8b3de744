/**
 * Properties on cases that are drawn: the same ones each time, or those of the seed in `OPF_TEST_SEED`.
 *
 * @module
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(Deno.env.get("OPF_TEST_SEED") ?? 1) });

export { fc };
