// Together: plugins/backends/xla/_backend.ts and _jit.ts, through eager code.
import { engine, RandomKey, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { XlaBackend } from "../../../../plugins/backends/xla/_backend.ts";
import { DeviceBuffer } from "../../../../plugins/backends/xla/_pjrt/buffer.ts";
import { Executable } from "../../../../plugins/backends/xla/_pjrt/executable.ts";

useEngine(await xla.start());
const { runtime } = tf.backend() as XlaBackend;

/** How many programs were compiled, or loaded, while this ran. */
function programsOf(run: () => void): number {
  const before = runtime.compiled.programs;
  tf.tidy(run);
  return runtime.compiled.programs - before;
}

Deno.test("eager code is one program per structure, whatever its values", () => {
  const compute = (values: number[], factor: number) => {
    const x = tf.tensor1d(values);
    const y = tf.sum(tf.mul(tf.exp(tf.sub(x, tf.max(x))), factor));
    return y.dataSync()[0]!;
  };
  let result = 0;
  const counts = [[[1, 2, 3], 5], [[3, 2, 1], 7], [[1, 2, 3], 5.5]].map(([values, factor]) =>
    programsOf(() => result = compute(values as number[], factor as number))
  );
  assertEquals(counts.slice(1), [0, 0]);
  assert(Math.abs(result - 5.5 * (1 + Math.exp(-1) + Math.exp(-2))) < 1e-5);
  assertEquals(programsOf(() => compute([1, 2, 3, 4, 5], 5)) <= 1, true); // another shape, another program
});

Deno.test("zeros and ones need no program, and change none that they go into", () => {
  const shape = [3, 11, 2];
  const double = engine().jit((x) => [tf.mul(x!, 2)]);
  double(tf.fill(shape, 3)); // compiled
  const compute = (x: tf.Tensor) => tf.add(tf.exp(x), tf.ones(shape)).dataSync();
  tf.tidy(() => compute(tf.fill(shape, 3)));
  assertEquals(
    programsOf(() => {
      const [zeros, ones] = [tf.zeros(shape), tf.ones(shape, "int32")];
      assertEquals([...double(tf.zeros(shape))[0]!.dataSync()], Array(66).fill(0));
      compute(tf.fill(shape, 4));
      assertEquals([...zeros.dataSync()], Array(66).fill(0));
      assertEquals([...ones.dataSync()], Array(66).fill(1));
    }),
    0,
  );
});

Deno.test("large arrays of zeros or ones are made on the device, by one program a shape", () => {
  const shape = [1025, 1024];
  const sum = engine().jit((x) => [tf.sum(x!)]);
  const sums = [tf.ones, tf.zeros, tf.ones].map((make) => {
    let found = 0;
    const programs = programsOf(() => found = sum(make(shape))[0]!.dataSync()[0]!);
    return [found, programs];
  });
  assertEquals(sums, [[1025 * 1024, 2], [0, 0], [1025 * 1024, 0]]);
});

Deno.test("nothing is computed before a value is read, and what was computed is not computed again", () => {
  const count = programsOf(() => {
    const x = tf.add(tf.tensor1d([0.25, 3.75, 9]), tf.scalar(11));
    const y = tf.sqrt(x), z = tf.square(x);
    const isPending = (tensor: tf.Tensor) => (tf.backend() as XlaBackend).storedNode(tensor.dataId).isPending;
    assertEquals([x, y, z].map(isPending), [true, true, true]);
    z.dataSync();
    assertEquals([x, y, z].map(isPending), [false, true, false]);
    x.dataSync();
    y.dispose();
  });
  assertEquals(count <= 1, true);
});

Deno.test("a value that several tensors need and no tensor has is computed once, with all of them", () => {
  const [x, ...others] = tf.tidy(() => {
    const shared = tf.exp(tf.tensor1d([1, 2, 3, 4, 5, 6, 7]));
    return [tf.neg(shared), tf.reciprocal(shared), tf.sqrt(tf.square(tf.log(shared)))];
  }) as [tf.Tensor, ...tf.Tensor[]];
  const before = runtime.compiled.programs;
  x.dataSync();
  assert(runtime.compiled.programs - before <= 1);
  const once = runtime.compiled.programs;
  assertEquals(Math.round(others[1]!.dataSync()[2]!), 3);
  others[0]!.dataSync();
  assertEquals(runtime.compiled.programs, once);
  tf.dispose([x, ...others]);
});

Deno.test("long chains are computed in parts even if they are never read", () => {
  const x = tf.tidy(() => {
    let x: tf.Tensor = tf.tensor1d([0, 1]);
    for (let step = 0; step < 5000; step++) x = tf.add(x, 1);
    return x;
  });
  assertEquals([...x.dataSync()], [5000, 5001]);
  x.dispose();
});

Deno.test("the programs of long chains are small, and few where the chain repeats itself", () => {
  const { programs, textBytes } = runtime.compiled;
  tf.tidy(() => {
    let x: tf.Tensor = tf.tensor1d([0.25, -0.5, 0.75]);
    for (let step = 0; step < 2000; step++) x = step % 2 ? tf.neg(x) : tf.tanh(x);
    assert(tf.all(tf.less(tf.abs(x), 0.05)).dataSync()[0]);
  });
  const compiled = runtime.compiled.programs - programs;
  assertLess(compiled, 6);
  assertLess((runtime.compiled.textBytes - textBytes) / compiled, 10_000); // 100 statements of 50 bytes, and the rest
});

Deno.test("a compiled function is compiled once per combination of shapes, and takes large constants along", () => {
  const table = tf.tensor1d(RandomKey.of(1).uniforms(1000));
  const expected = table.dataSync();
  const shifted = engine().jit((x) => [tf.add(x!, table)], { name: "shift" });
  const call = (value: number) =>
    tf.tidy(() => shifted(tf.fill([1000], value))[0]!.dataSync()).map((element, index) => element - expected[index]!);
  assert(call(2).every((element) => Math.abs(element - 2) < 1e-6));
  table.dispose(); // it was taken at the first call
  assertEquals(programsOf(() => assert(call(3).every((element) => Math.abs(element - 3) < 1e-6))), 0);
});

Deno.test("functions of one program share what is compiled of it", () => {
  const compute = () => engine().jit((x) => [tf.div(tf.expm1(x!), 3)], { name: "shared" })(tf.ones([2, 9]));
  tf.tidy(() => compute());
  assertEquals(programsOf(() => assertEquals(compute()[0]!.shape, [2, 9])), 0);
});

Deno.test("what a compiled function took along is freed with it", async () => {
  const { destroy } = DeviceBuffer.prototype;
  const freed = new Set<DeviceBuffer>();
  DeviceBuffer.prototype.destroy = function () {
    freed.add(this);
    destroy.call(this);
  };
  try {
    const multiply = () => {
      const table = tf.tensor1d(RandomKey.of(2).uniforms(2 ** 15));
      engine().jit((x) => [tf.mul(x!, table)])(tf.scalar(2))[0]!.dataSync();
      return (tf.backend() as XlaBackend).storedNode(table.dataId).buffer!;
    };
    let buffer: DeviceBuffer | undefined;
    tf.tidy(() => void (buffer = multiply()));
    assert(!freed.has(buffer!)); // the function still has it
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    for (let round = 0; !freed.has(buffer!) && round < 50; round++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve)); // arrays are freed between tasks
    }
    assert(freed.has(buffer!));
  } finally {
    DeviceBuffer.prototype.destroy = destroy;
  }
});

Deno.test("a donated argument is gone, and says so", () => {
  const move = engine().jit((x) => [tf.add(x!, 1)], { donate: [0] });
  const x = tf.tensor1d(new Float32Array(2 ** 15).fill(0.5));
  const [y] = move(x);
  assertEquals(y!.dataSync()[7], 1.5);
  assertStringIncludes(assertThrows(() => x.dataSync()).message, "donated");
  tf.dispose([x, y!]);
});

Deno.test("a compiled function that fails leaves no array behind", () => {
  const double = engine().jit((x) => [tf.mul(x!, 2)]);
  const x = tf.tidy(() => tf.exp(tf.fill([2 ** 15], 0.5)));
  x.dataSync(); // computed, so that a tensor of another shape shares its array
  const view = tf.reshape(x, [2 ** 14, 2]);
  tf.dispose(double(view));
  const { prototype } = Executable, { execute } = prototype, { destroy } = DeviceBuffer.prototype;
  let arrays = 0;
  prototype.execute = function (...args) {
    if (arrays > 0) throw new Error("no room");
    const outputs = execute.apply(this, args);
    arrays += outputs.flat().length;
    return outputs;
  };
  DeviceBuffer.prototype.destroy = function () {
    arrays--;
    destroy.call(this);
  };
  try {
    assertThrows(() => double(view), Error, "no room"); // after the view's own array was made
    assertEquals(arrays, 0);
  } finally {
    prototype.execute = execute;
    DeviceBuffer.prototype.destroy = destroy;
  }
  tf.dispose([x, view]);
});

Deno.test("reading without blocking gives what reading gives, also of a tensor that is disposed meanwhile", async () => {
  const x = tf.square(tf.tensor1d([1, 2, 3]));
  const reading = x.data();
  x.dispose();
  assertEquals([...await reading], [1, 4, 9]);
});

Deno.test("a missing operation is an error with its name and the function that needs it", () => {
  const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]), filter = tf.ones<tf.Rank.R4>([2, 2, 1, 1]);
  const convolve = engine().jit((x) => [tf.conv2d(x as tf.Tensor4D, filter, 1, "same")], { name: "convolve" });
  const { message } = assertThrows(() => convolve(image));
  for (const part of ["xla", '"Conv2D"', '"convolve"']) assertStringIncludes(message, part);
  assertStringIncludes(assertThrows(() => tf.tensor1d(["text"])).message, "no tensors of string");
  tf.dispose([image, filter]);
});
