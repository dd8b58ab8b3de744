import { engine, tf } from "@opf/framework";
import { assertEquals } from "@std/assert";

type Rows = number[][];

Deno.test("a tensor from outside that a compiled function reads stays usable", () =>
  tf.tidy(() => {
    const outside = tf.tensor1d([2, 3]); // never touched by an op before
    const scaled = engine().jit((x) => [tf.mul(x!, outside)]);
    assertEquals(scaled(tf.tensor1d([1, 1]))[0]!.arraySync(), [2, 3]);
    assertEquals(tf.neg(outside).arraySync(), [-2, -3]);
    assertEquals(scaled(tf.tensor2d([[1, 1]]))[0]!.arraySync() as Rows, [[2, 3]]);
  }));
