import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { Client } from "../../../../../plugins/backends/xla/_pjrt/client.ts";
import {
  compileOptions,
  cpuFlags,
  type Flags,
  gpuFlags,
} from "../../../../../plugins/backends/xla/_pjrt/compile_options.ts";
import { PjrtError } from "../../../../../plugins/backends/xla/_pjrt/pjrt.ts";
import { ProgramStore } from "../../../../../plugins/backends/xla/_pjrt/program_store.ts";
import { inFolder } from "../../../../_place.ts";
import { client } from "./_client.ts";

const TEXT = `module @test { func.func public @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.multiply %a, %a : tensor<2xf32>
  return %0 : tensor<2xf32> } }`;
const withFlags = (flags: Flags) => new Client(client.pjrt, { flags });

Deno.test("compileOptions() without flags are the numbers of replicas and of partitions", () => {
  assertEquals([...compileOptions()], [0x1a, 4, 0x20, 1, 0x28, 1]);
  assertEquals([...compileOptions({ replicas: 3 })], [0x1a, 4, 0x20, 3, 0x28, 1]);
});

Deno.test("XLA takes flags of every type, and refuses one that it does not have", () =>
  inFolder((folder) => {
    const flags = { xla_gpu_deterministic_ops: true, xla_gpu_autotune_level: 300, xla_dump_to: folder };
    withFlags(flags).compile(TEXT);
    assertEquals([...Deno.readDirSync(folder)].length > 0, true); // it wrote what it compiles
    const error = assertThrows(() => withFlags({ xla_nonsense: true }).compile(TEXT), PjrtError);
    assertStringIncludes(error.message, "xla_nonsense");
  }));

Deno.test("a program kept with other flags is not taken", () =>
  inFolder((folder) => {
    const [on, off] = [true, false].map((value) => withFlags({ xla_gpu_deterministic_ops: value })) as [Client, Client];
    new ProgramStore(join(folder), on).write(TEXT, on.compile(TEXT));
    assertEquals(new ProgramStore(folder, off).read(TEXT), undefined);
    assertEquals(new ProgramStore(folder, on).read(TEXT)?.outputCount, 1);
  }));

Deno.test("cpuFlags() lets minima and maxima keep what is not a number, unless the user decides", () => {
  const name = "xla_cpu_enable_fast_min_max";
  assertEquals(cpuFlags({ get: () => undefined }), { [name]: false });
  assertEquals(cpuFlags({ get: () => `--${name}=true` }), {});
});

Deno.test("gpuFlags() asks for equal bits, unless the user decides", () => {
  const flags = (variables: Record<string, string>) => gpuFlags({ get: (name) => variables[name] });
  assertEquals(flags({}), { xla_gpu_deterministic_ops: true });
  assertEquals(flags({ OPF_XLA_DETERMINISTIC: "1" }), { xla_gpu_deterministic_ops: true });
  assertEquals(flags({ OPF_XLA_DETERMINISTIC: "0" }), { xla_gpu_deterministic_ops: false });
  assertEquals(flags({ XLA_FLAGS: "--xla_gpu_deterministic_ops=false" }), {});
  assertEquals(flags({ XLA_FLAGS: "--xla_dump_to=/tmp/x" }), { xla_gpu_deterministic_ops: true });
});
