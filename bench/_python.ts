/**
 * The Python environment of the peers, created once in the user's cache.
 *
 * @module
 */
import { cacheFolder, exists, locked, messageOf } from "@opf/framework";
import { join } from "node:path";

const PACKAGES = ["torch==2.13.0", "transformers==5.23.0"];

/**
 * The path of a Python with the peers' packages: that of `OPF_BENCH_PYTHON`, or that of an environment created with pip.
 * Returns nothing if it cannot be created.
 */
export async function peerPython(note: (message: string) => void): Promise<string | undefined> {
  const named = Deno.env.get("OPF_BENCH_PYTHON");
  if (named) return named;
  try {
    return await environment(note);
  } catch (error) {
    note(`Rows with a peer in Python are skipped, because there is no Python environment for it: ${messageOf(error)}`);
    return undefined;
  }
}

async function environment(note: (message: string) => void): Promise<string> {
  const folder = join(cacheFolder(), "bench", PACKAGES.join("-").replaceAll("==", "-"));
  const [python, complete] = [join(folder, "bin", "python"), join(folder, "complete")];
  // Created in place, because an environment cannot be moved. The last file marks it as complete.
  await locked(`${folder}.lock`, async () => {
    if (await exists(complete)) return;
    note(`Creating a Python environment for the peers in ${folder} with ${PACKAGES.join(", ")}.`);
    await run("python3", "-I", "-m", "venv", "--clear", folder);
    await run(python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES);
    await Deno.writeTextFile(complete, "");
  }, { note });
  return python;
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, code, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (success) return;
  const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`"${[program, ...args].join(" ")}" failed with exit code ${code}: ${last}`);
}
