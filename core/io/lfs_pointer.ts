/**
 * Pointers of Git LFS, which stand for large files in clones that were made without it.
 *
 * @module
 */
import { RequestError } from "../errors.ts";

const START = new TextEncoder().encode("version https://git-lfs.github.com/spec/");

/**
 * Refuses the bytes of a file that are only a pointer.
 *
 * @throws {RequestError} that says how to fetch the file
 */
export function checkNoLfsPointer(bytes: Uint8Array, path: string): void {
  if (bytes.length < START.length || !START.every((byte, index) => bytes[index] === byte)) return;
  throw new RequestError(
    `${path} is a pointer of Git LFS, not the file itself: fetch it with "git lfs pull" in the clone that it lies in.`,
  );
}
