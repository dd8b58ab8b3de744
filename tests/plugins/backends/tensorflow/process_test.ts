import { assertEquals } from "@std/assert";
import { tuneKernels } from "../../../../plugins/backends/tensorflow/_process.ts";
import { withEnvironment } from "../../../_place.ts";

const width = "--xla_cpu_prefer_vector_width=512";
const multiOutput = "--xla_backend_extra_options=xla_cpu_use_multi_output_fusion";

Deno.test("tuneKernels() adds its flags to the user's unless these say otherwise", async () => {
  const tuned = (given?: string) =>
    withEnvironment({ XLA_FLAGS: given }, () => {
      tuneKernels();
      return Deno.env.get("XLA_FLAGS");
    });
  assertEquals(await tuned(), `${width} ${multiOutput}`);
  const others = "--xla_backend_extra_options=xla_cpu_disable_loop_unrolling";
  assertEquals(await tuned(others), `${others} ${width} ${multiOutput}`);
  const opposite = "--xla_cpu_prefer_vector_width=256 --xla_backend_extra_options=xla_cpu_use_multi_output_fusion=0";
  assertEquals(await tuned(opposite), opposite);
});
