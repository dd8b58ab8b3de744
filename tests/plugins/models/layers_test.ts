import { tf } from "@opf/framework";
import { assertLess } from "@std/assert";
import { selfAttention } from "../../../plugins/models/_attention.ts";
import { dropoutResidualNorm, project } from "../../../plugins/models/_layers.ts";
import { matrix, norm } from "../../_tensors.ts";

Deno.test("attention over many lines, its slope too, is that of each line by itself", () =>
  tf.tidy(() => {
    // So many weights that lines are dealt with in two parts, which are unlike: padding, masks, numbers.
    const [lines, heads, length, width] = [12, 8, 160, 32];
    const attend = selfAttention(0.25, 0.5, heads);
    const x = matrix(lines * length, 3 * width);
    const biases = [2, 3, 4].map((seed) => tf.reshape(matrix(1, width, seed), [width]));
    const seen = tf.tensor(
      Array.from({ length: lines * length }, (_, at) => at % length < length - 12 * Math.floor(at / length)),
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

Deno.test("project() has the slopes of a product, of few rows and of many", () =>
  tf.tidy(() => {
    for (const rows of [3, 1024]) {
      for (const [out, width] of [[4, 6], [6, 4]] as const) {
        const [x, weight, outward] = [matrix(rows, width), matrix(out, width, 2), matrix(rows, out, 3)];
        const slopes = tf.grads((x: tf.Tensor, weight: tf.Tensor) => project(x, weight))([x, weight], outward);
        const wanted = [tf.matMul(outward, weight), tf.matMul(outward, x, true)];
        assertLess(norm(tf.sub(project(x, weight), tf.matMul(x, tf.transpose(weight)))), 1e-4);
        slopes.forEach((slope, at) => assertLess(norm(tf.sub(slope, wanted[at]!)) / norm(wanted[at]!), 1e-5));
      }
    }
  }));

Deno.test("dropout, residual and LayerNorm have the slopes of their equation, with dropout and without", () =>
  tf.tidy(() => {
    for (const [rows, width] of [[7, 12], [300, 240]] as const) { // op by op; as kernels
      for (const rate of [0, 0.25]) {
        const vector = (seed: number) => tf.reshape(matrix(1, width, seed), [width]);
        const given = [matrix(rows, width), vector(2), matrix(rows, width, 3), tf.add(vector(4), 2), vector(5)];
        const outward = matrix(rows, width, 6);
        const mask = rate > 0 ? tf.greater(matrix(rows, width, 7), -0.5) : undefined;
        const own = (...args: tf.Tensor[]) =>
          dropoutResidualNorm(rate, 1e-5)(...args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], mask);
        const equation = (...[x, bias, residual, scale, shift]: tf.Tensor[]) => {
          const kept = tf.div(mask ? tf.cast(mask, "float32") : tf.onesLike(x!), 1 - rate);
          const sum = tf.add(residual!, tf.mul(tf.add(x!, bias!), kept));
          const { mean, variance } = tf.moments(sum, 1, true);
          return tf.add(tf.mul(tf.div(tf.sub(sum, mean), tf.sqrt(tf.add(variance, 1e-5))), scale!), shift!);
        };
        const [found, wanted] = [own, equation].map((of) => [of(...given), ...tf.grads(of)(given, outward)]);
        found!.forEach((tensor, at) =>
          assertLess(norm(tf.sub(tensor, wanted![at]!)) / norm(wanted![at]!), 1e-5, `${rows} rows, result ${at}`)
        );
      }
    }
  }));
