/**
 * The user's cache: what is fetched once and shared by all clones of the project.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { messageOf, RequestError } from "../errors.ts";

/**
 * The folder of the user's cache: `OPF_CACHE`, else `opf` in `XDG_CACHE_HOME`, else `~/.cache/opf`
 * (`~/Library/Caches/opf` on macOS). It need not exist yet.
 *
 * @throws {RequestError} if neither these variables nor `HOME` are set
 */
export function cacheFolder(): string {
  const folder = Deno.env.get("OPF_CACHE");
  if (folder) return folder;
  const caches = Deno.env.get("XDG_CACHE_HOME");
  if (caches) return join(caches, "opf");
  const home = Deno.env.get("HOME");
  if (!home) throw new RequestError("There is no place for the cache: neither OPF_CACHE nor HOME is set.");
  return Deno.build.os === "darwin" ? join(home, "Library", "Caches", "opf") : join(home, ".cache", "opf");
}

/** What {@linkcode locked} and {@linkcode once} report while they wait. */
export interface LockOptions {
  /** Receives one message if another process holds the lock. */
  readonly note?: (message: string) => void;
}

/**
 * Runs while this process alone holds the lock of that name: a file, made where it is missing and left there. The lock
 * goes with its process, so that nothing is left to clear after a crash.
 */
export async function locked<T>(path: string, run: () => Promise<T>, { note }: LockOptions = {}): Promise<T> {
  using file = await writing(path, () => openLock(path));
  if (!await file.tryLock(true)) {
    note?.(`Waiting for another process, which holds ${path}.`);
    await file.lock(true);
  }
  try {
    return await run();
  } finally {
    await file.unlock();
  }
}

/** Codes of the operating system for a folder that cannot be written. */
const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR", "EEXIST"];

// What the cache cannot take is an error that says how to name another one.
async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code } = (error instanceof Error ? error : {}) as { code?: unknown };
    if (!UNWRITABLE.includes(String(code)) || !path.startsWith(join(cacheFolder(), "/"))) throw error;
    throw new RequestError(
      `The cache ${cacheFolder()} cannot be written: ${messageOf(error)}. Name another folder in OPF_CACHE.`,
      { cause: error },
    );
  }
}

async function openLock(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true });
  return await Deno.open(path, { create: true, write: true });
}

/**
 * Makes a file or a folder unless it is there: under a temporary name beside it, renamed when it is whole. Of several
 * processes one makes it and the others wait.
 *
 * @param make writes the file or folder at the temporary path it is given; nothing is there yet
 * @returns `path`
 *
 * @example The second time nothing is made
 * ```ts
 * import { once } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * let made = 0;
 * const make = (temporary: string) => Deno.writeTextFile(temporary, `made ${++made} times`);
 * await once(`${folder}/file`, make);
 * assertEquals(await Deno.readTextFile(await once(`${folder}/file`, make)), "made 1 times");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function once(
  path: string,
  make: (temporary: string) => Promise<unknown>,
  options: LockOptions = {},
): Promise<string> {
  if (await exists(path)) return path;
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  await locked(join(dirname(path), `.${basename(path)}.lock`), async () => {
    if (await exists(path)) return; // made while this process waited
    await remove(temporary); // left by a crashed process: no other process writes it while the lock is held
    try {
      await writing(path, () => make(temporary));
      await Deno.rename(temporary, path);
    } finally {
      await remove(temporary);
    }
  }, options);
  return path;
}

/** The SHA-256 of a file, in hexadecimal digits; the file is read piece by piece. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const piece = new Uint8Array(2 ** 20);
  for (let read; (read = await file.read(piece)) !== null;) hash.update(piece.subarray(0, read));
  return hash.digest("hex");
}

/** Whether there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}

/** Whether there is a folder at a path. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
