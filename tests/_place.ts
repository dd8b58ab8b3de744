/**
 * Temporary folders, environment variables and processes for tests.
 *
 * @module
 */

/** Runs with an empty folder, which is removed afterwards. */
export async function inFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await run(await Deno.realPath(folder));
  } finally {
    await removeFolder(folder);
  }
}

// A process that is ending may still write into it.
async function removeFolder(folder: string): Promise<void> {
  for (let attempts = 1;; attempts++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempts === 20) throw error;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

/** Runs with environment variables set, or unset if the value is undefined. */
export async function withEnvironment<T>(
  values: { readonly [name: string]: string | undefined },
  run: () => T | Promise<T>,
): Promise<T> {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  try {
    Object.entries(values).forEach(([name, value]) => set(name, value));
    return await run();
  } finally {
    before.forEach(([name, value]) => set(name, value));
  }
}

/** Starts Deno on the source text of a module, in which `@opf/framework` and the other import names of this tree work. */
export function startDeno(code: string, env: Record<string, string> = {}): Deno.ChildProcess {
  const config = new URL("../deno.json", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", `--config=${config}`, "--ext=ts", code],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The standard output of a process; throws its standard error if it failed. */
export async function printed(process: Deno.ChildProcess): Promise<string> {
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
