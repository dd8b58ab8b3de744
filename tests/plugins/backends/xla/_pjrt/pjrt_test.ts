import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { checkApiVersion, Pjrt, PjrtError } from "../../../../../plugins/backends/xla/_pjrt/pjrt.ts";
import { findLapack } from "../../../../../plugins/backends/xla/plugin.ts";
import { client, download, upload } from "./_client.ts";

const VECTOR = "tensor<3xf32>";
const moduleOf = (signature: string, body: string) =>
  `module @test {\n  func.func public @main${signature} {\n${body}\n  }\n}\n`;
/** a + b into the memory of a, and a · b. */
const SUM_AND_PRODUCT = moduleOf(
  `(%a: ${VECTOR} {tf.aliasing_output = 0 : i32}, %b: ${VECTOR}) -> (${VECTOR}, ${VECTOR})`,
  `    %0 = stablehlo.add %a, %b : ${VECTOR}
    %1 = stablehlo.multiply %a, %b : ${VECTOR}
    return %0, %1 : ${VECTOR}, ${VECTOR}`,
);

Deno.test("a client knows its platform and its devices", () => {
  assertEquals(client.platform, "cpu");
  assert(client.devices.length >= 2);
  assert(client.devices.every(({ kind }) => kind === "cpu"));
});

Deno.test("a program gives up a donated argument, and only that", () => {
  const executable = client.compile(SUM_AND_PRODUCT);
  const [a, b] = [upload([1, 2, 3]), upload([4, 5, 6])];
  const kept = executable.execute([[a, b]], [0])[0]!;
  assertEquals(kept.map((buffer) => download(buffer, 3)), [[5, 7, 9], [4, 10, 18]]);
  assertEquals(download(a, 3), [1, 2, 3]);
  const outputs = executable.execute([[a, b]])[0]!;
  assertEquals(outputs.map((buffer) => download(buffer, 3)), [[5, 7, 9], [4, 10, 18]]);
  assertThrows(() => download(a, 3), PjrtError, "donated");
  assertEquals(download(b, 3), [4, 5, 6]);
  for (const buffer of [a, b, ...kept, ...outputs]) buffer.destroy();
});

Deno.test("values are read without blocking, as they are read blocking", async () => {
  const buffer = upload([1.5, -0, Infinity]);
  const values = new Float32Array(3);
  await buffer.copyToAsync(values);
  assertEquals([...values], [1.5, -0, Infinity]);
  buffer.destroy();
});

Deno.test("a program that was serialized computes the same", () => {
  const executable = client.compile(SUM_AND_PRODUCT);
  const again = client.deserialize(executable.serialize());
  const arguments_ = [upload([1, 2, 3]), upload([4, 5, 6])];
  assertEquals(again.execute([arguments_])[0]!.map((buffer) => download(buffer, 3)), [[5, 7, 9], [4, 10, 18]]);
});

Deno.test("several devices run one program together, each with arguments of its own", () => {
  const scalar = "tensor<f32>";
  const program = moduleOf(
    `(%a: ${VECTOR}) -> ${VECTOR}`,
    `    %0 = "stablehlo.all_reduce"(%a) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> ({
      ^bb0(%x: ${scalar}, %y: ${scalar}):
        %z = stablehlo.add %x, %y : ${scalar}
        stablehlo.return %z : ${scalar}
    }) : (${VECTOR}) -> ${VECTOR}
    return %0 : ${VECTOR}`,
  );
  const executable = client.compile(program, { replicas: 2 });
  const outputs = executable.execute([[upload([1, 2, 3], 0)], [upload([10, 20, 30], 1)]]);
  assertEquals(outputs.map(([sum]) => download(sum!, 3)), [[11, 22, 33], [11, 22, 33]]);
});

Deno.test("an invalid program, and bytes that hold none, are errors with the plugin's code", () => {
  assertStringIncludes(assertThrows(() => client.compile("nonsense"), PjrtError).message, "nonsense");
  const bytes = client.compile(SUM_AND_PRODUCT).serialize();
  const error = assertThrows(() => client.deserialize(bytes.slice(0, 100)), PjrtError);
  assertEquals(error.code, "INVALID_ARGUMENT");
});

Deno.test("a library other than a plugin, and an API that is too old or too new, are refused", async () => {
  const { path } = await findLapack();
  assertStringIncludes(assertThrows(() => new Pjrt(path), RequestError).message, "expected a PJRT plugin");
  await assertRejects(() => Promise.resolve().then(() => new Pjrt("/nowhere/plugin.so")), RequestError);
  checkApiVersion("plugin.so", { major: 0, minor: 40 });
  for (const version of [{ major: 0, minor: 39 }, { major: 1, minor: 0 }]) {
    const { message } = assertThrows(() => checkApiVersion("plugin.so", version), RequestError);
    assertStringIncludes(message, `got ${version.major}.${version.minor}`);
  }
});
