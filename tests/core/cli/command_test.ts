// Together: core/cli/command.ts, the usage of every command of deno.json, and the options that it takes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../_place.ts";
import { run } from "./_command.ts";

const COMMANDS = ["reproduce", "report", "status", "export", "check-plugin", "doctor", "bench", "fuzz"];
/** Of tasks that submit the next stage, those that `--launcher-option` explains, and of a process that `status` starts. */
const UNLISTED = ["--continue", "--local-option", "--without-lock"];

Deno.test("every command prints its usage, with each option that it takes", () =>
  inFolder(async (folder) => {
    for (const name of COMMANDS) {
      const { code, out, err } = await run([name, "x", "--help"], folder);
      assertEquals([code, err], [0, ""], name);
      assertEquals((await run([name, "-h"], folder)).out, out);
      assert(out.startsWith(`deno task ${name} `), out);
      const refused = await run([name, "--nonsense"], folder);
      assertEquals(refused.code, 2, refused.err);
      const known = refused.err.slice(refused.err.indexOf("Known: ")).match(/--[\w-]+/g)!;
      assert(known.length >= 2, refused.err);
      for (const option of known) if (!UNLISTED.includes(option)) assertStringIncludes(out, `${option} `, name);
      for (const [option] of out.matchAll(/^ {2}--[\w-]+/gm)) assert(known.includes(option.trim()), option);
    }
  }));
