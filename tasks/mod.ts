/**
 * GLUE's nine tasks and their metrics, and practice tasks that need no data.
 *
 * @module
 */
export * from "./cola.ts";
export * from "./metrics.ts";
export * from "./mnli.ts";
export * from "./mrpc.ts";
export * from "./practice/mod.ts";
export * from "./qnli.ts";
export * from "./qqp.ts";
export * from "./rte.ts";
export * from "./sst2.ts";
export * from "./stsb.ts";
export * from "./text_to_text.ts";
export * from "./wnli.ts";
