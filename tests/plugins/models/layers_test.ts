import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import { selfAttention } from "../../../plugins/models/_layers.ts";
import { matrix, norm } from "../../_tensors.ts";

Deno.test("attention over many lines, its slope too, is that of each line by itself", () =>
  tf.tidy(() => {
    // So many weights that lines are dealt with in two parts, which are unlike: padding, masks, numbers.
    const [lines, heads, length, width] = [6, 8, 160, 32];
    const attend = selfAttention(0.25, 0.5, heads);
    const x = matrix(lines * length, 3 * width);
    const biases = [2, 3, 4].map((seed) => tf.reshape(matrix(1, width, seed), [width]));
    const seen = tf.tensor(
      Array.from({ length: lines * length }, (_, at) => at % length < length - 20 * Math.floor(at / length)),
      [lines, 1, 1, length],
      "bool",
    );
    const mask = tf.reshape(tf.greater(matrix(lines * heads * length, length, 5), -0.5), [
      lines,
      heads,
      length,
      length,
    ]);
    const outward = matrix(lines * length, width, 6);
    const whole = (x: tf.Tensor, ...biases: tf.Tensor[]) => attend(x, biases, { seen, mask });
    const each = (x: tf.Tensor, ...biases: tf.Tensor[]) => {
      const [xs, seens, masks] = [x, seen, mask].map((all) => tf.split(all, lines)) as tf.Tensor[][];
      return tf.concat(xs!.map((own, at) => attend(own, biases, { seen: seens![at]!, mask: masks![at]! })));
    };
    const [found, wanted] = [whole, each].map((of) => [
      of(x, ...biases),
      ...tf.grads((...moving: tf.Tensor[]) => of(moving[0]!, ...moving.slice(1)))([x, ...biases], outward),
    ]) as [tf.Tensor[], tf.Tensor[]];
    // Beside the size of its slope by x, for that by the keys' bias is zero: softmax does not see it.
    const size = norm(wanted[1]!);
    found.forEach((tensor, at) => assertLess(norm(tf.sub(tensor, wanted[at]!)) / size, 1e-5));
  }));
