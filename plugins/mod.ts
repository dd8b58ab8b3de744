/**
 * All plugins of this tree.
 *
 * @module
 */
export * from "./backends/tensorflow/tensorflow.ts";
export * from "./backends/wasm/wasm.ts";
export * from "./backends/xla/xla.ts";
export * from "./decompositions/dense.ts";
export { frozen, type FrozenOptions } from "./decompositions/frozen.ts";
export * from "./decompositions/kronecker.ts";
export { lora, type LoraOptions } from "./decompositions/lora.ts";
export * from "./decompositions/lora_over.ts";
export * from "./decompositions/mpo.ts";
export * from "./decompositions/mpo_scale.ts";
export * from "./decompositions/svd.ts";
export * from "./decompositions/tucker.ts";
export * from "./models/bert.ts";
export * from "./models/known_configs.ts";
export * from "./models/mpnet.ts";
export * from "./models/untrained.ts";
export * from "./policies/all.ts";
export * from "./policies/dynamic_top.ts";
export * from "./policies/named.ts";
export * from "./policies/random.ts";
export * from "./policies/static_top.ts";
export * from "./scores/fisher.ts";
export * from "./scores/magnitude.ts";
export * from "./scores/random_score.ts";
export * from "./scores/taylor.ts";
export * from "./scores/zeroing.ts";
export { folder } from "./sources/folder.ts";
export { hub, type HubOptions } from "./sources/hub.ts";
export { pypi, type PypiOptions } from "./sources/pypi.ts";
