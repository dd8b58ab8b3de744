import { assertEquals } from "@std/assert";
import { tuneKernels } from "../../../../plugins/backends/tensorflow/_process.ts";
import { withEnvironment } from "../../../_place.ts";

const width = "--xla_cpu_prefer_vector_width=512";
const oneLoop = "--xla_backend_extra_options=xla_cpu_use_multi_output_fusion";

Deno.test("flags of kernels are added to the user's, but not where the user's say otherwise", async () => {
  const tuned = (given?: string) =>
    withEnvironment({ XLA_FLAGS: given }, () => {
      tuneKernels();
      return Deno.env.get("XLA_FLAGS");
    });
  assertEquals(await tuned(), `${width} ${oneLoop}`);
  const others = "--xla_backend_extra_options=xla_cpu_disable_loop_unrolling";
  assertEquals(await tuned(others), `${others} ${width} ${oneLoop}`);
  const otherwise = "--xla_cpu_prefer_vector_width=256 --xla_backend_extra_options=xla_cpu_use_multi_output_fusion=0";
  assertEquals(await tuned(otherwise), otherwise);
});
