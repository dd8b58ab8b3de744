import { RandomKey, tf } from "@opf/framework";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { initialize } from "../../../core/model/initialize.ts";

const key = RandomKey.of(1);

Deno.test("initialize() gives zeros, ones, or normal values drawn from its key", () =>
  tf.tidy(() => {
    const values = (
      initial: "zeros" | "ones" | "normal",
      seed = 1,
    ) => [...initialize({ name: "a", shape: [2, 3], initial }, { key: RandomKey.of(seed), width: 1 }).dataSync()];
    assertEquals(values("zeros"), Array(6).fill(0));
    assertEquals(values("ones"), Array(6).fill(1));
    assertEquals(values("normal"), values("normal"));
    assertEquals(new Set([...values("normal"), ...values("normal", 2)]).size, 12);
  }));

Deno.test("initialize() draws from a normal distribution of the given width", () =>
  tf.tidy(() => {
    const values = initialize({ name: "a", shape: [200, 100] }, { key, width: 0.02 });
    const { mean, variance } = tf.moments(values);
    // Of 20,000 draws: four standard errors of the mean and of the deviation.
    assertAlmostEquals(mean.dataSync()[0]!, 0, 4 * 0.02 / Math.sqrt(20000));
    assertAlmostEquals(Math.sqrt(variance.dataSync()[0]!), 0.02, 4 * 0.02 / Math.sqrt(40000));
    const beyond = tf.mean(tf.cast(tf.greater(tf.abs(values), 2 * 0.02), "float32")).dataSync()[0]!;
    assertAlmostEquals(beyond, 0.0455, 0.006); // a normal distribution's, not a uniform one's
  }));
