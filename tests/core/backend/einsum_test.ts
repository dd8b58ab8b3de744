import { tf } from "@opf/framework";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("an equation that is none, or does not fit the tensors, is an error with both", () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    for (
      const [equation, shapes, part] of [
        ["ij,jk->ik", [[2, 3], [4, 5]], '"j" stands for axes of 3 and of 4'],
        ["ii->i", [[2, 3]], '"i" stands for axes of 2 and of 3'],
        ["ij->i", [[2, 3, 4]], 'each of 3 axes, got "ij"'],
        ["ij->i", [[2]], 'each of 1 axes, got "ij"'],
        ["ij...->i", [[2]], 'each of 1 axes, got "ij..."'],
        ["ij,jk->ik", [[2, 3]], "2 terms and 1 tensors"],
        ["ij->", [[2, 3], [3]], "1 terms and 2 tensors"],
        ["ij->ik", [[2, 3]], 'got "k"'],
        ["ij->ii", [[2, 3]], 'got "i"'],
        ["ij->i->j", [[2, 3]], 'one "->"'],
        ["i......->i", [[2, 3]], 'got "i......"'],
        ["i2->i", [[2, 3]], 'got "i2"'],
        ["i..->i", [[2, 3]], 'got "i.."'],
        ["...i->i", [[2, 3]], '"..." in the output'],
        ["i->i...", [[2]], undefined],
        ["...i,...i->...", [[2, 3], [4, 3]], "2 and of 4"],
      ] as const
    ) {
      const tensors = shapes.map((shape) => tf.ones([...shape]));
      if (part === undefined) {
        assertEquals(tf.einsum(equation, ...tensors).shape, [2]);
        continue;
      }
      const { message } = assertThrows(() => tf.einsum(equation, ...tensors));
      for (const each of [equation, `[${shapes[0]}]`, part]) assertStringIncludes(message, each);
    }
  });
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("the letters of an output that is not given are in alphabetical order, and the rest is summed", () =>
  tf.tidy(() => {
    assertEquals(tf.einsum("ca,bc", tf.ones([2, 3]), tf.ones([4, 2])).shape, [3, 4]);
    assertEquals(tf.einsum("c...a", tf.ones([2, 5, 3])).shape, [5, 3, 2]);
  }));
