/**
 * TensorFlow.js, the one copy of it: operations, automatic differentiation and types.
 *
 * @module
 */
export * from "@tensorflow/tfjs-core";
