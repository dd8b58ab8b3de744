/**
 * All plugins of this tree.
 *
 * @module
 */
export * from "./backends/tensorflow/tensorflow.ts";
export * from "./decompositions/mpo.ts";
export * from "./models/bert.ts";
export * from "./policies/static_top.ts";
export * from "./scores/taylor.ts";
export { folder } from "./sources/folder.ts";
export { hub, type HubOptions } from "./sources/hub.ts";
export { pypi, type PypiOptions } from "./sources/pypi.ts";
