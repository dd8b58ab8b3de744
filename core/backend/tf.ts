/**
 * TensorFlow.js, the one copy of it: operations, automatic differentiation and types.
 *
 * @module
 */
export * from "@tensorflow/tfjs-core";
// In place of TensorFlow.js's own, which has no gradient.
export { einsum } from "./einsum.ts";
