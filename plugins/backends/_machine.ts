/**
 * Which machine a shared library is built for.
 *
 * @module
 */
import { RequestError } from "@opf/framework";

/**
 * Refuses a library of another kind of machine before anything is loaded.
 *
 * @throws {RequestError} where the file is no library, or one for another machine
 */
export async function checkMachine(path: string, { machine }: { readonly machine: string }): Promise<void> {
  const found = await machinesOf(path);
  if (found.includes(machine)) return;
  throw new RequestError(
    `Loading ${path}: a library for this machine (${machine}) was wanted, ` +
      `${found.length === 0 ? "a file that is no library" : found.join(" and ")} was found.`,
  );
}

const ELF = new Map([[62, "x86_64"], [183, "aarch64"], [40, "arm (32 bit)"], [3, "x86 (32 bit)"]]);
const MACH = new Map([[0x01000007, "x86_64"], [0x0100000c, "aarch64"]]);

// ELF: the machine is the half word at 18, in the byte order that byte 5 tells. Mach-O: the word at 4. A universal
// Mach-O file begins with a big-endian table of them, 20 bytes each.
async function machinesOf(path: string): Promise<string[]> {
  const head = new DataView(new ArrayBuffer(512));
  using file = await Deno.open(path);
  const length = await file.read(new Uint8Array(head.buffer)) ?? 0;
  if (length < 32) return [];
  const named = (format: string, table: Map<number, string>, code: number) =>
    `${format} ${table.get(code) ?? `machine ${code}`}`;
  switch (head.getUint32(0)) {
    case 0x7f454c46:
      return [named("ELF", ELF, head.getUint16(18, head.getUint8(5) !== 2))];
    case 0xcffaedfe:
      return [named("Mach-O", MACH, head.getUint32(4, true))];
    case 0xcafebabe:
      return Array.from(
        { length: Math.min(head.getUint32(4), 8) },
        (_, index) => named("Mach-O", MACH, head.getUint32(8 + 20 * index)),
      );
    default:
      return [];
  }
}
