/**
 * Stateless random numbers: Philox bits computed in JavaScript, made into numbers and masks.
 *
 * @module
 */
import { type Engine, type Key, maskThreshold, RandomKey, tf } from "@opf/framework";

/** The random part of an engine whose tensors can be read at any time. */
export const randomNumbers: Pick<Engine, "randomUniform" | "randomMask"> = {
  randomUniform: (key, shape, place = 0) =>
    tf.tensor(asKey(key).uniforms(tf.util.sizeFromShape([...shape]), place), [...shape]),
  randomMask: (key, shape, rate, place = 0) => {
    const count = tf.util.sizeFromShape([...shape]);
    const halves = new Uint16Array(asKey(key).bits(Math.ceil(count / 2), place).buffer); // the lower half first
    const threshold = maskThreshold(rate);
    const kept = new Uint8Array(count);
    for (let at = 0; at < count; at++) kept[at] = halves[at]! >= threshold ? 1 : 0;
    return tf.tensor(kept, [...shape], "bool");
  },
};

function asKey(key: Key): RandomKey {
  if (key instanceof RandomKey) return key;
  const [first, second] = key.dataSync();
  return RandomKey.ofWords(first!, second!);
}
