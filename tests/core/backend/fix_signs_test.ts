import { fixSigns, tf } from "@opf/framework";
import { assertEquals } from "@std/assert";

Deno.test("fixSigns() goes by the first of the almost largest entries, and flips u and v together", () =>
  tf.tidy(() => {
    const u = tf.tensor2d([[0.1, -0.7, 0.7], [-0.9, 0.70001, -0.1], [0.2, 0.1, 0.7]]);
    const v = tf.tensor2d([[1, 2, 3]]);
    const { u: flipped, v: flippedV } = fixSigns(u, v);
    assertEquals(tf.div(flipped, u).arraySync() as unknown, Array(3).fill([-1, -1, 1]));
    assertEquals(flippedV.arraySync(), [[-1, -2, 3]]);
    assertEquals(fixSigns(tf.zeros([3, 1]), tf.ones([2, 1])).v.arraySync(), [[1], [1]]);
  }));
