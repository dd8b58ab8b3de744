import { assertEquals } from "@std/assert";
import { processorFeatures } from "../../../plugins/backends/_processor.ts";
import { inFolder, printed } from "../../_place.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test({
  name: "the processor's features are known with the permissions of a worker",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
      const flags = (tasks.worker as string).split(" ").slice(2).filter((word) => word.startsWith("--"));
      const script = `${folder}/main.ts`;
      await Deno.writeTextFile(
        script,
        `import { processorFeatures } from "${new URL("plugins/backends/_processor.ts", ROOT)}";
        console.log(JSON.stringify(processorFeatures()));`,
      );
      const process = new Deno.Command(Deno.execPath(), {
        args: ["run", ...flags, script],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const features = JSON.parse(await printed(process));
      assertEquals(features.length, 2);
      assertEquals(features, processorFeatures());
    }),
});
