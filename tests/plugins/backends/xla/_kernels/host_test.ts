import { engine, RandomKey, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";

const notes: string[] = [];
useEngine(await xla.start({ device: "cpu", note: (note) => notes.push(note) }));

Deno.test("multinomial draws outcomes as often as their probabilities say, of logits and of probabilities", () =>
  tf.tidy(() => {
    const probabilities = tf.tensor2d([[0.1, 0.2, 0.7], [0.5, 0, 0.5]]), count = 4000;
    for (
      const drawn of [
        tf.multinomial(probabilities, count, 3, true),
        tf.multinomial(tf.add(tf.log(probabilities), 200) as tf.Tensor2D, count, 4),
      ]
    ) {
      assertEquals([drawn.dtype, ...drawn.shape], ["int32", 2, count]);
      const rows = drawn.arraySync() as number[][];
      (probabilities.arraySync() as number[][]).forEach((row, index) =>
        row.forEach((probability, outcome) => {
          const share = rows[index]!.filter((each) => each === outcome).length / count;
          const deviation = Math.sqrt(probability * (1 - probability) / count);
          assert(Math.abs(share - probability) <= 5 * deviation, `${share} instead of ${probability}`);
        })
      );
    }
  }));

Deno.test("multinomial repeats itself for a seed, and only then", () =>
  tf.tidy(() => {
    const logits = tf.tensor1d([...RandomKey.of(1).uniforms(9)]);
    const draw = (seed?: number) => [...tf.multinomial(logits, 20, seed).dataSync()];
    assertEquals(draw(5), draw(5));
    assertNotEquals(draw(5), draw(6));
    assertNotEquals(draw(0.25), draw(0.5));
    assertNotEquals(draw(), draw());
    assertEquals(tf.multinomial(logits, 0).shape, [0]);
  }));

Deno.test("a function that draws is not compiled, so that each call draws anew, and says so", () => {
  const drawing = engine().jit((logits) => [tf.multinomial(logits as tf.Tensor1D, 30)], { name: "drawing" });
  tf.tidy(() => {
    const logits = tf.zeros<tf.Rank.R1>([10]);
    assertNotEquals([...drawing(logits)[0]!.dataSync()], [...drawing(logits)[0]!.dataSync()]);
  });
  assertStringIncludes(notes.findLast((note) => note.includes("drawing"))!, "reads a tensor's values");
});
