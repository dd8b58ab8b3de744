/**
 * All plugins of this tree.
 *
 * @module
 */
export * from "./backends/tensorflow/tensorflow.ts";
export * from "./backends/wasm/wasm.ts";
export * from "./backends/xla/xla.ts";
export { dense, type DenseOptions, type Matched } from "./decompositions/dense.ts";
export { frozen, type FrozenOptions } from "./decompositions/frozen.ts";
export { kronecker, type KroneckerOptions } from "./decompositions/kronecker.ts";
export { lora, type LoraOptions } from "./decompositions/lora.ts";
export { loraOver, type LoraOverOptions } from "./decompositions/lora_over.ts";
export { type Modes, mpo, type MpoOptions } from "./decompositions/mpo.ts";
export * from "./decompositions/mpo_scale.ts";
export { svd, type SvdOptions } from "./decompositions/svd.ts";
export { tucker, type TuckerOptions } from "./decompositions/tucker.ts";
export * from "./launchers/local.ts";
export { slurm, type SlurmOptions } from "./launchers/slurm.ts";
export * from "./models/bart.ts";
export * from "./models/bert.ts";
export * from "./models/known_configs.ts";
export * from "./models/mpnet.ts";
export * from "./models/t5.ts";
export * from "./models/untrained.ts";
export * from "./policies/all.ts";
export { dynamicTop, type DynamicTopOptions } from "./policies/dynamic_top.ts";
export { named } from "./policies/named.ts";
export { random, type RandomOptions } from "./policies/random.ts";
export { staticTop, type StaticTopOptions } from "./policies/static_top.ts";
export * from "./scores/fisher.ts";
export * from "./scores/magnitude.ts";
export * from "./scores/random_score.ts";
export { taylor, type TaylorOptions } from "./scores/taylor.ts";
export * from "./scores/zeroing.ts";
export { folder, type FolderOptions } from "./sources/folder.ts";
export { hub, type HubOptions } from "./sources/hub.ts";
export { pypi, type PypiOptions } from "./sources/pypi.ts";
