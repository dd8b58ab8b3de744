import { engine, fused, RandomKey, tf } from "@opf/framework";
import { tensorflow } from "@opf/framework/plugins";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { typed } from "../../../../plugins/backends/tensorflow/_attributes.ts";
import { TYPE } from "../../../../plugins/backends/tensorflow/_ffi.ts";
import { distance, gap, matrix } from "../../../_tensors.ts";

Deno.test("an error names the op, the shapes of its inputs and TensorFlow's message", () => {
  const backend = tf.backend() as unknown as {
    executeSingleOutput(name: string, attributes: unknown[], inputs: tf.Tensor[]): tf.Tensor;
  };
  const { message } = assertThrows(() =>
    tf.tidy(() => backend.executeSingleOutput("BiasAdd", [typed("T", TYPE.float32)], [tf.zeros([2, 3]), tf.zeros([4])]))
  );
  for (const part of ["BiasAdd", "2,3", "[4]", "last dimension"]) assertStringIncludes(message, part);
  assertStringIncludes(assertThrows(() => backend.executeSingleOutput("NoSuchOp", [], [])).message, "NoSuchOp");
});

Deno.test("200 steps of work leave the number of tensors as it was and memory flat", () => {
  const size = 192;
  const layer = fused((x, bias, mask) => tf.where(mask as tf.Tensor, tf.tanh(tf.add(x!, bias!)), 0), {
    name: "leak test",
  });
  const train = engine().jit((weight, bias, key) => {
    const mask = engine().randomMask(key!, [size, size], 0.5);
    const loss = (w: tf.Tensor, b: tf.Tensor) =>
      tf.sum<tf.Scalar>(layer(tf.matMul(w as tf.Tensor2D, w as tf.Tensor2D), b, mask));
    const [dw, db] = tf.grads(loss as (...inputs: tf.Tensor[]) => tf.Scalar)([weight!, bias!]);
    return [tf.sub(weight!, tf.mul(dw!, 1e-3)), tf.sub(bias!, tf.mul(db!, 1e-3))];
  });
  let weight: tf.Tensor = matrix(size, size), bias: tf.Tensor = tf.zeros([size]);
  const step = (number: number) => {
    const [nextWeight, nextBias] = tf.tidy(() => train(weight, bias, tf.tensor1d([number, 1], "int32")));
    tf.dispose([weight, bias]);
    [weight, bias] = [nextWeight!, nextBias!];
    tf.tidy(() => engine().svd(weight as tf.Tensor2D).s.dataSync());
    // What TensorFlow.js itself tracks, and what the library holds.
    return [tf.memory().numTensors, engine().memory().tensors];
  };
  const settled = Array.from({ length: 200 }, (_, number) => step(number)).at(-1);
  const resident = engine().memory().residentBytes;
  for (let number = 0; number < 200; number++) assertEquals(step(number), settled);
  // A leak of one weight a step would be 29 MB; the pools of the library and of V8 move by some megabytes.
  assertLess(engine().memory().residentBytes - resident, 0.6 * 200 * size * size * 4);
  tf.dispose([weight, bias]);
});

Deno.test("jit() computes what the function computes, compiled again for each shape", () =>
  tf.tidy(() => {
    let traced = 0;
    const compute = (a: tf.Tensor, b: tf.Tensor) => {
      traced++;
      return [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), tf.relu(tf.sub(tf.mean(a, 0), 0.1))];
    };
    for (const kernel of [false, true]) {
      traced = 0;
      const compiled = engine().jit(compute as (...inputs: tf.Tensor[]) => tf.Tensor[], { kernel });
      for (const rows of [3, 3, 5, 3]) {
        const inputs = [matrix(rows, 4), matrix(4, 2)] as const;
        const found = compiled(...inputs);
        const before = traced;
        compute(...inputs).forEach((wanted, at) => assertLess(gap(found[at]!, wanted), 1e-6));
        traced = before;
      }
      assertEquals(traced, 2);
    }
  }));

Deno.test("jit() takes tensors that it finds as constants, and runs what reads values as it is", () =>
  tf.tidy(() => {
    const other = tf.scalar(2);
    const doubled = engine().jit((x) => [tf.mul(x!, other)]);
    assertEquals(doubled(tf.tensor1d([1, 2]))[0]!.arraySync(), [2, 4]);
    const reading = engine().jit((x) => [tf.tensor1d([...x!.dataSync()].reverse())], { name: "reads" });
    assertEquals(reading(tf.tensor1d([1, 2]))[0]!.arraySync(), [2, 1]);
    assertEquals(reading(tf.tensor1d([3, 4]))[0]!.arraySync(), [4, 3]);
  }));

Deno.test("jit() passes on what the function throws, and works again afterwards", () => {
  const picky = engine().jit((x) => {
    if (x!.shape[0] === 2) throw new TypeError("no pairs");
    return [tf.neg(x!)];
  });
  const before = tf.memory().numTensors;
  tf.tidy(() => assertEquals(assertThrows(() => picky(tf.tensor1d([1, 2])), TypeError).message, "no pairs"));
  tf.tidy(() => assertEquals(picky(tf.tensor1d([1, 2, 3]))[0]!.arraySync(), [-1, -2, -3]));
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("fused() has the function's value and gradient, eager and inside a compiled function", () =>
  tf.tidy(() => {
    const plain = (x: tf.Tensor, y: tf.Tensor, keep: tf.Tensor) =>
      tf.where(keep, tf.mul(tf.sigmoid(x), tf.exp(y)), tf.square(x));
    const kernel = fused(plain as (...inputs: tf.Tensor[]) => tf.Tensor, { name: "fused test" });
    const [x, y] = [matrix(5, 7), matrix(5, 7, 2)];
    const keep = tf.greater(matrix(5, 7, 3), 0);
    const value = (own: (...inputs: tf.Tensor[]) => tf.Tensor) => (a: tf.Tensor, b: tf.Tensor) =>
      tf.sum<tf.Scalar>(tf.mul(own(a, b, keep), matrix(5, 7, 4)));
    const both = (own: (...inputs: tf.Tensor[]) => tf.Tensor) =>
      tf.grads(value(own) as (...inputs: tf.Tensor[]) => tf.Scalar)([x, y]);
    const wanted = both(plain as (...inputs: tf.Tensor[]) => tf.Tensor);
    const compiled = engine().jit((a, b) => tf.grads(value(kernel) as (...inputs: tf.Tensor[]) => tf.Scalar)([a!, b!]));
    for (const found of [both(kernel), compiled(x, y)]) {
      found.forEach((gradient, at) => assertLess(gap(gradient, wanted[at]!), 1e-6));
    }
    assertLess(gap(kernel(x, y, keep), plain(x, y, keep)), 1e-6);
  }));

Deno.test("random numbers are the key's, eager and compiled, and masks keep their share", () =>
  tf.tidy(() => {
    const key = RandomKey.of(42).fold("place");
    for (const count of [1, 2, 3, 5, 40001]) {
      assertEquals(engine().randomUniform(key, [count], 7).dataSync(), key.uniforms(count, 7));
      // Two elements a word, the lower half first, kept where the half is at least rate · 65536.
      const halves = new Uint16Array(key.bits(Math.ceil(count / 2), 3).buffer);
      const wanted = Array.from({ length: count }, (_, at) => halves[at]! >= 0.25 * 65536 ? 1 : 0);
      assertEquals([...engine().randomMask(key, [count], 0.25, 3).dataSync()], wanted);
    }
    const words = tf.tensor1d(Int32Array.from(key.words), "int32");
    const compiled = engine().jit((key) => [engine().randomMask(key!, [20, 50], 0.1, 2)]);
    assertEquals(compiled(words)[0]!.dataSync(), engine().randomMask(key, [20, 50], 0.1, 2).dataSync());
    const share = tf.mean(tf.cast(engine().randomMask(key, [100000], 0.1), "float32")).dataSync()[0]!;
    assertAlmostEquals(share, 0.9, 4 * Math.sqrt(0.09 / 100000));
    assertNotEquals(engine().randomUniform(key, [4], 0).dataSync(), engine().randomUniform(key, [4], 1).dataSync());
  }));

Deno.test("svd() is thin, orthonormal, falling, with signs fixed", () =>
  tf.tidy(() => {
    for (const [rows, columns] of [[1, 1], [1, 6], [6, 1], [7, 4], [4, 7], [9, 9]] as const) {
      const given = matrix(rows, columns);
      const { u, s, v } = engine().svd(given);
      const k = Math.min(rows, columns);
      assertEquals([u.shape, s.shape, v.shape], [[rows, k], [k], [columns, k]]);
      assertLess(distance(tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true), given), 1e-5);
      assertLess(gap(tf.matMul(u, u, true), tf.eye(k)), 1e-5);
      assertLess(gap(tf.matMul(v, v, true), tf.eye(k)), 1e-5);
      const values = s.dataSync();
      assert(values.every((value, at) => value >= 0 && (at === 0 || value <= values[at - 1]!)));
      for (const column of tf.unstack(u, 1)) {
        const entries = [...column.dataSync()];
        const largest = Math.max(...entries.map(Math.abs));
        assert(entries.find((entry) => Math.abs(entry) >= 0.999 * largest)! > 0);
      }
      const turned = engine().svd(tf.neg(given)); // the same but for the sign of v
      assertLess(gap(turned.u, u), 1e-4);
      assertLess(gap(tf.neg(turned.v), v), 1e-4);
    }
  }));

Deno.test("a process has one engine, which says what it is", async () => {
  assertEquals(await tensorflow.start(), engine());
  const { library, threads, devices } = engine().description;
  assert(String(library).startsWith("TensorFlow 2.") && Number(threads) >= 1 && (devices as string[]).length >= 1);
  assert(["cpu", "gpu"].includes(engine().device));
});
