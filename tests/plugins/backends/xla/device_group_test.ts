// Together: plugins/backends/xla/_device_group.ts, _jit.ts and _kernels/random.ts, on the CPU plugin's devices.
import { type Engine, engine, RandomKey, RequestError, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { XlaBackend } from "../../../../plugins/backends/xla/_backend.ts";
import { gap } from "../../../_tensors.ts";

const alone = useEngine(await xla.start({ device: "cpu" }));
const groups = await Promise.all([2, 3, 4].map((devices) => xla.start({ device: "cpu", devices })));
const { runtime } = tf.backend() as XlaBackend;
const key = RandomKey.of(11);
const ROWS = 12; // which 2, 3 and 4 divide

const rowsOf = (columns: number, rows = ROWS) =>
  tf.tensor2d(key.fold(columns).uniforms(rows * columns), [rows, columns]);

/** Runs a test on each group, and says which. */
const onEach = (test: (group: NonNullable<Engine["deviceGroup"]>, own: Engine) => void) => () => {
  for (const own of groups) {
    useEngine(own);
    try {
      tf.tidy(() => test(own.deviceGroup!, own));
    } finally {
      useEngine(alone);
    }
  }
};

Deno.test("one engine a number of devices, of which one has no group", async () => {
  assertEquals(alone.deviceGroup, undefined);
  assertEquals(groups.map(({ deviceGroup }) => deviceGroup?.size), [2, 3, 4]);
  assert(await xla.start({ devices: 3 }) === groups[1]);
  const { length } = runtime.client.devices;
  const error = await assertRejects(() => xla.start({ devices: length + 1 }), RequestError);
  assertStringIncludes(error.message, `at most ${length} devices`);
  assertStringIncludes(error.message, `got ${length + 1}`);
});

Deno.test(
  "sums over devices are those of the whole batch, and gathered rows keep their order",
  onEach((group) => {
    for (const columns of [1, 5, 2000]) { // the last is too large to be kept on the host
      const x = rowsOf(columns), scale = tf.tensor1d([2]);
      const compute = engine().jit((scale, part) => {
        assertEquals(part!.shape, [ROWS / group.size, columns]);
        const scaled = tf.mul(part!, scale!);
        return [group.sum(tf.sum(scaled, 0)), group.gather(scaled), group.sum(tf.onesLike(scale!))];
      }, { split: 1 });
      const [sum, rows, count] = compute(scale, x);
      assertEquals(count!.arraySync() as unknown, [group.size]);
      assert(gap(sum!, tf.sum(tf.mul(x, 2), 0)) < 1e-5);
      assertEquals(rows!.arraySync() as unknown, tf.mul(x, 2).arraySync());
    }
  }),
);

Deno.test(
  "a device draws its part of the mask that one device draws, bit for bit",
  onEach((group) => {
    const words = tf.tensor1d(Int32Array.from(key.words), "int32");
    for (const shape of [[1, 8], [1, 1], [2, 5, 3], [1, 13, 11]]) {
      const options = { rate: 0.3, counter: 5 };
      const whole = [ROWS * shape[0]!, ...shape.slice(1)];
      const expected = alone.randomMask(key, whole, options).dataSync();
      const own = [whole[0]! / group.size, ...shape.slice(1)];
      const draw = engine().jit((words, _part) => {
        const mask = engine().randomMask(words!, own, options);
        return [group.gather(tf.cast(mask, "int32"))];
      }, { split: 1 });
      assertEquals([...draw(words, rowsOf(1))[0]!.dataSync()], [...expected], `${own}`);
    }
  }),
);

Deno.test(
  "state that is donated stays on all devices from call to call, also where it was computed on one",
  onEach((group) => {
    const step = engine().jit((state, part) => [tf.add(state!, group.sum(tf.sum(part!, 0)))], {
      donate: [0],
      split: 1,
    });
    const x = rowsOf(3), sum = tf.sum(x, 0);
    const start = tf.tensor1d([1, 2, 3]);
    let state: tf.Tensor = tf.clone(start);
    const next = () => {
      const old = state;
      state = step(old, x)[0]!;
      assertStringIncludes(assertThrows(() => old.dataSync()).message, "donated");
    };
    state = step(state, x)[0]!; // the first state shares its array with another tensor, and is not given up
    for (let count = 0; count < 2; count++) next();
    state = tf.mul(state, 2); // on the first device alone
    for (let count = 0; count < 2; count++) next();
    assert(gap(state, tf.add(tf.mul(start, 2), tf.mul(sum, 8))) < 1e-4);
    assertEquals(start.arraySync() as unknown, [1, 2, 3]);
  }),
);

Deno.test(
  "what is not split or not compiled has the whole batch",
  onEach((group) => {
    const x = rowsOf(3);
    const total = (x: tf.Tensor) => [group.sum(tf.sum(x)), group.gather(x)];
    const [expected, rows] = total(x);
    const eager = (x: tf.Tensor) => total(tf.tensor1d([...x.dataSync()])); // reads values
    for (const compute of [engine().jit((x) => total(x!)), engine().jit((x) => eager(x!), { split: 1 })]) {
      const [sum, all] = compute(x);
      assert(gap(sum!, expected!) < 1e-5);
      assertEquals([...all!.dataSync()], [...rows!.dataSync()]);
    }
    const slope = tf.grad((x) => engine().jit((x) => [tf.sum(tf.square(x!))], { split: 1 })(x)[0]!)(x);
    assert(gap(slope, tf.mul(x, 2)) < 1e-6);
  }),
);

Deno.test(
  "a batch that the devices do not divide is an error with the function's name",
  onEach((group) => {
    const sum = engine().jit((x) => [group.sum(tf.sum(x!))], { name: "total", split: 1 });
    const { message } = assertThrows(() => sum(rowsOf(2, ROWS + 1)));
    for (const part of ['"total"', `${group.size} devices`, `${ROWS + 1} rows`]) assertStringIncludes(message, part);
  }),
);
