/**
 * The program: core with the plugins and tasks of this tree.
 *
 * @module
 */
import { main } from "./core/cli/main.ts";
import { printError } from "./core/cli/output.ts";
import * as plugins from "./plugins/mod.ts";
import * as tasks from "./tasks/mod.ts";

// `deno task` stores the folder of the user here.
const base = Deno.env.get("INIT_CWD");

const code = await main(Deno.args, {
  plugins,
  tasks,
  configs: plugins.knownConfigs,
  sources: [plugins.folder({ base }), plugins.hub({ note: printError }), plugins.pypi({ note: printError })],
  backends: [plugins.tensorflow, plugins.xla, plugins.wasm],
  launchers: [plugins.local(), plugins.slurm()],
  root: new URL(".", import.meta.url),
});
Deno.exit(code);
