/**
 * Running with modules of others: fetched anew, and without a trace in this project's lock file.
 *
 * @module
 */
import { LOCK_COPY, outsideModules } from "../experiment/external_modules.ts";

/**
 * Where a module comes from outside the tree or imports what does, runs the same command again in a process with a copy of
 * the lock file and with what lies on other hosts loaded anew, and gives its exit code; nothing where this is that process,
 * or where all is in the tree.
 */
export async function rerunOutside(args: readonly string[], { urls, root }: { urls: readonly string[]; root: URL }) {
  if (Deno.env.get(LOCK_COPY)) return undefined;
  const found = await Promise.all(urls.map((url) => outsideModules(url, root)));
  const origins = [...new Set(found.flatMap((modules) => modules.origins))];
  if (origins.length === 0 && found.every(({ digests }) => digests.length === 0)) return undefined;
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as { tasks: { worker: string } };
  const [, ...flags] = tasks.worker.split(" ").slice(0, -2); // without main.ts worker
  const copy = await Deno.makeTempFile({ suffix: ".lock" });
  const signals = ["SIGINT", "SIGTERM"] as const;
  try {
    await Deno.copyFile(new URL("deno.lock", root), copy);
    const process = new Deno.Command(Deno.execPath(), {
      args: [...flags, `--lock=${copy}`, ...origins.length > 0 ? [`--reload=${origins}`] : [], "main.ts", ...args],
      cwd: root,
      env: { [LOCK_COPY]: copy },
    }).spawn();
    const pass = signals.map((signal) => [signal, () => process.kill(signal)] as const);
    for (const [signal, kill] of pass) Deno.addSignalListener(signal, kill);
    const { code } = await process.status;
    for (const [signal, kill] of pass) Deno.removeSignalListener(signal, kill);
    return code;
  } finally {
    await Deno.remove(copy);
  }
}
