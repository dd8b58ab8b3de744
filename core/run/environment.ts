/**
 * The environment that a run is computed in.
 *
 * @module
 */
import { deviceCount } from "../backend/device_group.ts";
import { engine } from "../backend/engine.ts";
import type { Json } from "../json.ts";

/** Engine, versions, machine and commit: stored with every result. */
export async function environment(): Promise<{ readonly [name: string]: Json }> {
  const { name, device, description } = engine();
  return {
    backend: name,
    device,
    devices: deviceCount(),
    engine: description,
    deno: Deno.version.deno,
    os: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    commit: await commit() ?? null,
  };
}

// The commit of this tree, marked if files were changed; `undefined` outside of git.
async function commit(): Promise<string | undefined> {
  try {
    const git = async (...args: string[]) => {
      const cwd = new URL("../..", import.meta.url);
      const { success, stdout } = await new Deno.Command("git", { args, cwd, stderr: "null" }).output();
      return success ? new TextDecoder().decode(stdout).trim() : undefined;
    };
    const head = await git("rev-parse", "HEAD");
    if (!head) return undefined;
    return await git("status", "--porcelain", "--untracked-files=no") ? `${head}, changed` : head;
  } catch {
    return undefined;
  }
}
