/**
 * The Python environment in which peers run: made once, in the user's cache.
 *
 * @module
 */
import { cacheFolder, exists, locked, messageOf } from "@opf/framework";
import { join } from "node:path";

const PACKAGES = ["torch==2.13.0", "transformers==5.23.0"];

/**
 * The path of a Python that has the peers' packages: the one that `OPF_BENCH_PYTHON` names, or one of an environment
 * that pip fills; nothing where that cannot be made.
 */
export async function peerPython(note: (message: string) => void): Promise<string | undefined> {
  const own = Deno.env.get("OPF_BENCH_PYTHON");
  if (own) return own;
  try {
    return await environment(note);
  } catch (error) {
    note(`There is no Python environment for the peers, so rows with one are skipped: ${messageOf(error)}`);
    return undefined;
  }
}

async function environment(note: (message: string) => void): Promise<string> {
  const folder = join(cacheFolder(), "bench", PACKAGES.join("-").replaceAll("==", "-"));
  const [python, whole] = [join(folder, "bin", "python"), join(folder, "whole")];
  // Made where it stays: an environment cannot be moved. The last file says that it is whole.
  await locked(`${folder}.lock`, async () => {
    if (await exists(whole)) return;
    note(`Making a Python environment for the peers in ${folder}: ${PACKAGES.join(", ")} from pip.`);
    await run("python3", "-m", "venv", "--clear", folder);
    await run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES);
    await Deno.writeTextFile(whole, "");
  }, { note });
  return python;
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, code, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (success) return;
  const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`"${[program, ...args].join(" ")}" ended with exit code ${code}: ${last}`);
}
