/**
 * Stateless random numbers: bits of Philox computed in JavaScript, turned into uniform numbers and dropout masks.
 *
 * @module
 */
import { type Engine, type Key, maskThreshold, RandomKey, tf } from "@opf/framework";

/** The random part of the engine. */
export const randomNumbers: Pick<Engine, "randomUniform" | "randomMask"> = {
  randomUniform: (key, shape, { counter = 0 } = {}) =>
    tf.tensor(asKey(key).uniforms(tf.util.sizeFromShape([...shape]), counter), [...shape]),
  randomMask: (key, shape, { rate, counter = 0 }) => {
    const count = tf.util.sizeFromShape([...shape]);
    const halves = new Uint16Array(asKey(key).bits(Math.ceil(count / 2), counter).buffer); // lower halves first
    const threshold = maskThreshold(rate);
    const mask = Uint8Array.from({ length: count }, (_, index) => halves[index]! >= threshold ? 1 : 0);
    return tf.tensor(mask, [...shape], "bool");
  },
};

function asKey(key: Key): RandomKey {
  if (key instanceof RandomKey) return key;
  const [first, second] = key.dataSync();
  return RandomKey.ofWords(first!, second!);
}
