/**
 * A process of its own for commands that import modules from outside the tree.
 *
 * @module
 */
import type { ExternalModules } from "../experiment/external_modules.ts";
import { denoTaskArguments } from "./deno_task.ts";

/** Environment variable of that process and of its workers: what it was started with, as JSON. */
const VARIABLE = "OPF_EXTERNAL_PROCESS";

/** What the process is started with. */
export interface ExternalProcess {
  /** Path of a copy of the lock file, so that external modules leave no trace in the project's. */
  readonly lock: string;
  /** Digests of external modules by the URL of the module that imports them. */
  readonly digests: { readonly [url: string]: readonly string[] };
}

/** What this process was started with, or `undefined` if it is no such process. */
export function externalProcess(): ExternalProcess | undefined {
  const text = Deno.env.get(VARIABLE);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Runs a command (a task of `deno.json` and its arguments) in a process of its own; returns its exit code. */
export async function runExternally(
  [task, ...args]: readonly [string, ...string[]],
  { modules, root }: { readonly modules: ReadonlyMap<string, ExternalModules>; readonly root: URL },
): Promise<number> {
  const lock = await Deno.makeTempFile({ suffix: ".lock" });
  const signals = ["SIGINT", "SIGTERM"] as const;
  try {
    await Deno.copyFile(new URL("deno.lock", root), lock);
    const digests = Object.fromEntries([...modules].map(([url, { digests }]) => [url, digests]));
    const process = new Deno.Command(Deno.execPath(), {
      args: await denoTaskArguments(task, { root, flags: [`--lock=${lock}`], args }),
      cwd: root,
      env: { [VARIABLE]: JSON.stringify({ lock, digests } satisfies ExternalProcess) },
    }).spawn();
    const forward = signals.map((signal) => [signal, () => process.kill(signal)] as const);
    for (const [signal, kill] of forward) Deno.addSignalListener(signal, kill);
    const { code } = await process.status;
    for (const [signal, kill] of forward) Deno.removeSignalListener(signal, kill);
    return code;
  } finally {
    await Deno.remove(lock);
  }
}
