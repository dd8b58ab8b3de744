import { engine, tf } from "@opf/framework";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("a tensor of a compiled function cannot be used outside it", () => {
  let inner: tf.Tensor | undefined;
  const leaky = engine().jit((x) => {
    inner = tf.keep(tf.mul(x!, 2));
    return [tf.add(inner, 1)];
  });
  tf.tidy(() => {
    assertEquals(leaky(tf.tensor1d([1]))[0]!.arraySync(), [3]);
    const { message } = assertThrows(() => tf.neg(inner!));
    assertStringIncludes(message, "outside the compiled function that created it");
    assertThrows(() => inner!.dataSync());
  });
  inner!.dispose();
});

Deno.test("an op that fails leaks nothing, and the next one works", () => {
  const [x, y] = [tf.zeros([2, 3]), tf.zeros([4])];
  const before = [tf.memory().numTensors, engine().memory().tensors];
  const backend = tf.backend() as unknown as {
    executeSingleOutput(name: string, attributes: unknown[], inputs: tf.Tensor[]): tf.Tensor;
  };
  const type = { name: "T", type: 4, value: 1 };
  for (let times = 0; times < 3; times++) {
    assertThrows(
      () => backend.executeSingleOutput("BiasAdd", [type], [x, y]),
      Error,
      "BiasAdd(float32[2,3], float32[4])",
    );
    assertThrows(() => backend.executeSingleOutput("Neg", [{ ...type, value: 99 }], [x]), Error, "Neg(float32[2,3])");
    assertThrows(() => backend.executeSingleOutput("Neg", [{ ...type, type: 77 }], [x]), Error, '"T"');
    assertEquals([tf.memory().numTensors, engine().memory().tensors], before);
  }
  tf.tidy(() => assertEquals(tf.add(y, 1).arraySync(), [1, 1, 1, 1]));
  tf.dispose([x, y]);
});

Deno.test("complex numbers are read as their real and imaginary parts", () =>
  tf.tidy(() => {
    assertEquals([...tf.complex([1, 2], [-3, 0.5]).dataSync()], [1, -3, 2, 0.5]);
    assertEquals([...tf.spectral.rfft(tf.tensor1d([1, 2, 3, 4])).dataSync()], [10, 0, -2, 2, -2, 0]);
  }));
