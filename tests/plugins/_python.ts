/**
 * A Python of a test's own.
 *
 * @module
 */
import { join } from "node:path";

/** Folder and version of the machine's Python: `/usr/bin`, `3.11`. */
async function machinePython(): Promise<readonly [folder: string, version: string]> {
  const code =
    "import os, sys; print(os.path.dirname(sys._base_executable), '%d.%d' % sys.version_info[:2], sep='\\n')";
  const { stdout } = await new Deno.Command("python3", { args: ["-I", "-c", code] }).output();
  const [folder, version] = new TextDecoder().decode(stdout).trim().split("\n");
  return [folder!, version!];
}

/**
 * Makes a virtual environment that also sees the machine's packages, pip among them.
 *
 * @returns the folder of its own packages, which precede them, and the folder of its `python3`
 */
export async function makePython(folder: string): Promise<{ readonly packages: string; readonly bin: string }> {
  const [home, version] = await machinePython();
  const [packages, bin] = [join(folder, "lib", `python${version}`, "site-packages"), join(folder, "bin")];
  await Deno.mkdir(packages, { recursive: true });
  await Deno.mkdir(bin);
  await Deno.symlink(join(home, "python3"), join(bin, "python3"));
  await Deno.writeTextFile(join(folder, "pyvenv.cfg"), `home = ${home}\ninclude-system-site-packages = true\n`);
  return { packages, bin };
}
