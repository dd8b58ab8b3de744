import { assertEquals } from "@std/assert";
import { isAmdBeforeZen5 } from "../../../../plugins/backends/tensorflow/_processor.ts";

const info = (vendor: string, family: number) =>
  ["processor\t: 0", `vendor_id\t: ${vendor}`, `cpu family\t: ${family}`, "model\t\t: 2", ""].join("\n");

for (
  const [which, text, before] of [
    ["AMD's Zen 2", info("AuthenticAMD", 23), true],
    ["AMD's Zen 4", info("AuthenticAMD", 25), true],
    ["AMD's Zen 5", info("AuthenticAMD", 26), false],
    ["Intel's Xeon", info("GenuineIntel", 6), false],
    ["Intel's of a family that AMD has too", info("GenuineIntel", 19), false],
    ["two of Zen 4", info("AuthenticAMD", 25).repeat(2), true],
    ["ARM's", "processor\t: 0\nFeatures\t: fp asimd\n", false],
    ["a system that does not say", "", false],
  ] as const
) {
  Deno.test(`isAmdBeforeZen5(): ${which}`, () => assertEquals(isAmdBeforeZen5(text), before));
}
