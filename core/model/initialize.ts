/**
 * First values of parameters that no file has.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { RandomKey } from "../random.ts";
import type { ParameterInfo } from "./model.ts";

/**
 * A new tensor with the first values of a parameter: zeros, ones, or normal random numbers (Box & Muller 1958) with the
 * parameter's standard deviation or else `width`, drawn from `key`.
 */
export function initialize(
  { shape, initial = "normal", initialDeviation }: ParameterInfo,
  { key, width }: { key: RandomKey; width: number },
): tf.Tensor {
  if (initial !== "normal") return initial === "zeros" ? tf.zeros([...shape]) : tf.ones([...shape]);
  const size = tf.util.sizeFromShape([...shape]), deviation = initialDeviation ?? width;
  const uniforms = key.uniforms(2 * size);
  const values = Float32Array.from({ length: size }, (_, index) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniforms[2 * index]!));
    return deviation * radius * Math.cos(2 * Math.PI * uniforms[2 * index + 1]!);
  });
  return tf.tensor(values, [...shape]);
}
