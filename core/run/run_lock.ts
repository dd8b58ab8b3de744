/**
 * The lock of a run's folder: one process does a run, the others wait or take another.
 *
 * @module
 */
import { FILES } from "../results/result.ts";

/**
 * Runs under the lock of a run's folder, which goes with its process; `undefined` if another process holds it. The lock's
 * file is removed afterwards; one that a killed process left is taken over.
 */
export async function withRunLock<T>(folder: string, run: () => Promise<T>): Promise<T | undefined> {
  const path = `${folder}/${FILES.lock}`;
  await Deno.mkdir(folder, { recursive: true });
  using file = await Deno.open(path, { create: true, write: true });
  while (!await file.tryLock(true)) {
    if (!await file.tryLock()) return undefined;
    await file.unlock(); // those who hold it together only look whether it is held
  }
  // Its last holder may have removed the file since it was opened: then this lock excludes no one.
  if (!await isAt(path, file)) return await withRunLock(folder, run);
  try {
    return await run();
  } finally {
    // A process that opened the file before, and gets the lock now, finds the result. If a user has removed the folder
    // meanwhile, the file may be another process's.
    if (await isAt(path, file)) await Deno.remove(path);
  }
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const [own, current] = [await file.stat(), await Deno.stat(path).catch(() => undefined)];
  return own.ino === current?.ino;
}

/** Whether a process holds the lock of a run's folder. */
export async function isRunLocked(folder: string): Promise<boolean> {
  try {
    using file = await Deno.open(`${folder}/${FILES.lock}`);
    return !await file.tryLock();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
