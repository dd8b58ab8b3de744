// Together: plugins/backends/tensorflow/tensorflow.ts, _attributes.ts and _ffi.ts.
import { engine, tf } from "@opf/framework";
import { tensorflow } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { typed } from "../../../../plugins/backends/tensorflow/_c_api/attributes.ts";
import { TYPE } from "../../../../plugins/backends/tensorflow/_c_api/ffi.ts";

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

Deno.test("a process has one engine, which describes itself", async () => {
  assertEquals(await tensorflow.start(), engine());
  const { library, threads, devices } = engine().description;
  assert(String(library).startsWith("TensorFlow 2.") && Number(threads) >= 1 && (devices as string[]).length >= 1);
  assert(["cpu", "gpu"].includes(engine().device));
});

Deno.test("memory() returns what the allocator keeps, without a reset of the peak", () => {
  const { peakBytes } = engine().memory();
  assert(engine().memory({ trim: true }).peakBytes >= peakBytes);
});

Deno.test("memory() resets its peak, and returns what the allocator kept", () => {
  if (Deno.build.os !== "linux") return;
  const large = tf.ones([2 ** 24]); // 64 MiB
  large.dataSync();
  large.dispose();
  const { peakBytes } = engine().memory();
  // The copy that was read belongs to V8, which frees it at any time.
  engine().memory({ resetPeak: true });
  assertLess(engine().memory().peakBytes, peakBytes);
});
