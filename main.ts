/**
 * The program: core, plugins and tasks put together.
 *
 * @module
 */
import { main } from "./core/cli/main.ts";
import * as plugins from "./plugins/mod.ts";
import * as tasks from "./tasks/mod.ts";

// `deno task` names the folder that the user is in.
const base = Deno.env.get("INIT_CWD");

const code = await main(Deno.args, {
  plugins,
  tasks,
  configs: plugins.knownConfigs,
  sources: [plugins.folder({ base }), plugins.hub(), plugins.pypi()],
  backends: [plugins.tensorflow, plugins.xla, plugins.wasm],
  root: new URL(".", import.meta.url),
});
Deno.exit(code);
