import { engine, kernel, KERNEL_SIZE, tf } from "@opf/framework";
import { assert, assertEquals, assertThrows } from "@std/assert";

const ROOT = new URL("../../../../", import.meta.url).pathname;

Deno.test("jit() compiles once for each combination of shapes and types", () =>
  tf.tidy(() => {
    let traced = 0;
    const compiled = engine().jit((x) => [traced++, tf.add(x!, x!)].slice(1) as tf.Tensor[]);
    compiled(tf.tensor1d([1, 2]));
    compiled(tf.tensor1d([3, 4]));
    assertEquals(traced, 1);
    const whole = compiled(tf.tensor1d([1, 2], "int32"))[0]!;
    assertEquals([whole.dtype, [...whole.dataSync()], traced], ["int32", [2, 4], 2]);
    compiled(tf.tensor2d([[1, 2]]));
    assertEquals(traced, 3);
  }));

Deno.test("jit() takes the value of a tensor from outside at compilation; it may be disposed afterwards", () => {
  let other = tf.tensor1d([2, 3]);
  for (const isNested of [false, true]) {
    const multiply = engine().jit((x) => [tf.mul(x!, other)]);
    const scaled = isNested ? engine().jit((x) => multiply(x!)) : multiply;
    tf.tidy(() => assertEquals(scaled(tf.tensor1d([1, 1]))[0]!.arraySync(), [2, 3]));
    other.dispose();
    other = tf.tensor1d([5, 5]);
    tf.tidy(() => assertEquals(scaled(tf.tensor1d([2, 1]))[0]!.arraySync(), [4, 3]));
    other.dispose();
    other = tf.tensor1d([2, 3]);
  }
  other.dispose();
});

Deno.test("a tensor from outside that jit() reads stays usable", () =>
  tf.tidy(() => {
    const outside = tf.tensor1d([2, 3]); // never touched by an op before
    const scaled = engine().jit((x) => [tf.mul(x!, outside)]);
    assertEquals(scaled(tf.tensor1d([1, 1]))[0]!.arraySync(), [2, 3]);
    assertEquals(tf.neg(outside).arraySync(), [-2, -3]);
    assertEquals(scaled(tf.tensor2d([[1, 1]]))[0]!.arraySync() as number[][], [[2, 3]]);
  }));

Deno.test("jit() runs uncompiled what cannot be compiled: shapes that depend on values", () =>
  tf.tidy(() => {
    const distinct = engine().jit((x) => {
      const { values } = tf.unique(x!);
      return [tf.mul(values, tf.ones(values.shape))]; // needs the shape
    }, { name: "distinct" });
    assertEquals(distinct(tf.tensor1d([3, 1, 3]))[0]!.arraySync(), [3, 1]);
    assertEquals(distinct(tf.tensor1d([2, 2, 2]))[0]!.arraySync(), [2]);
  }));

Deno.test("a kernel may scatter twice to the same indices, which XLA with these flags cannot fuse", () =>
  tf.tidy(() => {
    const ids = tf.tensor2d([[4], [1]], [2, 1], "int32");
    const inner = engine().jit((x) => {
      const [one, other] = [x!, tf.mul(x!, 2)].map((rows) => tf.scatterND(ids, rows, [5, 3]));
      return [one!, tf.tensorScatterUpdate(other!, ids, x!)];
    });
    const twice = engine().jit((x) => inner(x!));
    const [one, other] = twice(tf.tensor2d([[1, 2, 3], [4, 5, 6]])) as [tf.Tensor2D, tf.Tensor2D];
    assertEquals(one.arraySync(), [[0, 0, 0], [4, 5, 6], [0, 0, 0], [0, 0, 0], [1, 2, 3]]);
    assertEquals(other.arraySync(), one.arraySync());
  }));

Deno.test("jit() consumes a large argument that it writes to: its memory is the output's, from the first call on", () => {
  const before = engine().memory().tensors;
  const add = engine().jit((x) => [tf.add(x!, 1)], { donate: [0] });
  const first = tf.zeros([KERNEL_SIZE]);
  const [second] = add(first) as [tf.Tensor];
  assertEquals(engine().memory().tensors, before + 1);
  const [third] = add(second) as [tf.Tensor];
  assertEquals(engine().memory().tensors, before + 1);
  assertEquals([third.dataSync()[0], third.shape], [2, [KERNEL_SIZE]]);
  for (const consumed of [first, second]) {
    assertThrows(() => consumed.dataSync(), Error, "used after it was disposed");
  }
  tf.dispose([first, second, third]);
  assertEquals(engine().memory().tensors, before);
});

Deno.test("kernels inside a function write to the memory of its argument one after another", () => {
  const add = kernel((x, y) => [tf.add(x!, y!)], { name: "adding", donate: [0] });
  const double = kernel((x) => [tf.mul(x!, 2)], { name: "doubling", donate: [0] });
  // Values read before a write are those before it, and an argument that is returned unchanged keeps its value.
  const run = engine().jit((x, y, z) => {
    const moved = double(...add(x!, y!));
    return [tf.sum(tf.sub(moved[0]!, x!)), moved[0]!, z!];
  }, { donate: [undefined, 0, 2] });
  let x: tf.Tensor = tf.ones([KERNEL_SIZE]), z: tf.Tensor = tf.fill([KERNEL_SIZE], 7);
  const y = tf.fill([KERNEL_SIZE], 2);
  for (const expected of [6, 16, 36]) {
    const was = x.dataSync()[0]!;
    const [gap, ...next] = run(x, y, z) as [tf.Tensor, tf.Tensor, tf.Tensor];
    tf.dispose([x, z]);
    [x, z] = next;
    assertEquals([...new Set(x.dataSync()), ...new Set(z.dataSync())], [expected, 7]);
    assertEquals(gap.dataSync()[0], (expected - was) * KERNEL_SIZE);
    gap.dispose();
  }
  tf.dispose([x, y, z]);
});

Deno.test("large arguments that exchange their memory are read before they are written", () => {
  const exchange = engine().jit((x, y) => [y!, x!, x!], { donate: [0, 1, undefined] });
  const given = [tf.fill([KERNEL_SIZE], 1), tf.fill([KERNEL_SIZE], 2)];
  const outputs = exchange(...given);
  assertEquals(outputs.map((tensor) => [...new Set(tensor.dataSync())]), [[2], [1], [1]]);
  tf.dispose([...given, ...outputs]);
});

Deno.test("a constant of a compiled function is a copy of its array", () =>
  tf.tidy(() => {
    const add = engine().jit((x) => {
      const numbers = [Int32Array.of(1, 2), Int32Array.from({ length: 20 }, () => 3)];
      const [few, many] = numbers.map((values) => tf.tensor1d(values, "int32"));
      const twin = tf.tensor1d([1, 2], "int32");
      for (const values of numbers) values.fill(9);
      return [tf.add(x!, few!), tf.add(few!, twin), tf.sum(many!)];
    });
    const found = add(tf.tensor1d([10, 20], "int32"));
    assertEquals(found.map((tensor) => [...tensor.dataSync()]), [[11, 22], [2, 4], [60]]);
  }));

Deno.test("a tensor reshaped repeatedly has the same elements, in the requested shape", () =>
  tf.tidy(() => {
    const shapes = [[2, 3], [6], [3, 2, 1], [2, 3], [1, 6], [2, 3]];
    const run = engine().jit((x) => {
      const all = [x!];
      for (const shape of shapes) all.push(tf.reshape(all.at(-1)!, shape));
      const one = tf.reshape(tf.slice(all[2]!, [4], [1]), []);
      return [...all, tf.transpose(all[4]!), one, tf.reshape(one, [1, 1]), tf.reshape(tf.neg(x!), [6])];
    });
    const found = run(tf.tensor2d([[1, 2, 3], [4, 5, 6]]));
    assertEquals(found.map(({ shape }) => shape), [[2, 3], ...shapes, [3, 2], [], [1, 1], [6]]);
    assertEquals(found.slice(0, 7).map((tensor) => [...tensor.dataSync()]), Array(7).fill([1, 2, 3, 4, 5, 6]));
    const others = [[1, 4, 2, 5, 3, 6], [5], [5], [-1, -2, -3, -4, -5, -6]];
    assertEquals(found.slice(7).map((tensor) => [...tensor.dataSync()]), others);
  }));

Deno.test("an error of an op during compilation names the op and its inputs", () => {
  const wrong = engine().jit((x, y) => [bias(x!, y!)]);
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const { message } = assertThrows(() => wrong(tf.zeros([2, 3]), tf.zeros([4])));
    for (const part of ["BiasAdd", "float32[2,3], float32[4]", "in a compiled function"]) {
      assert(message.includes(part), message);
    }
  });
  assertEquals(tf.memory().numTensors, before);
});

function bias(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const backend = tf.backend() as unknown as {
    executeSingleOutput(name: string, attributes: unknown[], inputs: tf.Tensor[]): tf.Tensor;
  };
  return backend.executeSingleOutput("BiasAdd", [{ name: "T", type: 4, value: 1 }], [x, y]);
}

Deno.test("a function that is not compiled as requested is reported once, by name; a training step compiles silently", async () => {
  // A new process, because the callback for messages is set when an engine starts.
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    cwd: ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1" },
    args: [
      "eval",
      `import { engine, RandomKey, tf, useEngine } from "@opf/framework";
       import { tensorflow } from "@opf/framework/plugins";
       import { toyModel, TOY_EXAMPLES, toyWeights } from "./core/check/toy.ts";
       import { collate } from "./core/training/batches.ts";
       import { TRAINING_DEFAULTS } from "./core/training/settings.ts";
       import { Stepper } from "./core/training/step.ts";
       const notes = [];
       useEngine(await tensorflow.start({ threads: 1, note: (note) => notes.push(note) }));
       notes.length = 0;
       const reads = engine().jit((x) => [tf.scalar(x.dataSync()[0])], { name: "peeking" });
       const read = [1, 2, 3].map((value) => reads(tf.tensor1d([value]))[0].arraySync());
       const ids = tf.tensor1d([0, 0], "int32");
       const sums = (x) => [x, tf.mul(x, 2)].map((rows) => tf.unsortedSegmentSum(rows, ids, 1));
       const inner = engine().jit(sums, { name: "summing" });
       const sum = engine().jit((x) => inner(x));
       for (let time = 0; time < 2; time++) sum(tf.ones([2, 3]));
       const matrix = { name: "a.weight", kind: "ffn", module: "a", layer: 0, shape: [256, 300] };
       const options = { optimizer: TRAINING_DEFAULTS, maxGradNorm: 1, isTrainable: () => true };
       const architecture = toyModel([matrix]);
       const stepper = new Stepper(toyWeights(architecture), options);
       const batch = collate(TOY_EXAMPLES, { architecture, shape: { batchSize: 24, maxLength: 4, padId: 0 } });
       for (const batches of [[batch], [batch, batch]]) stepper.step(batches, { key: RandomKey.of(1), rate: 1 });
       console.log(JSON.stringify({ notes, read, threads: engine().description.threads }));`,
    ],
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertEquals([code, said], [0, ""]);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
    notes: [
      '"peeking" cannot be compiled (it reads a tensor\'s values); it runs uncompiled, which is slower.',
      '"summing" scatters more than once, so it is not compiled into one kernel.',
    ],
    read: [1, 2, 3],
    threads: 1,
  });
});
