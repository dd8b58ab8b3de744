/**
 * The machine that a shared library was built for.
 *
 * @module
 */
import { RequestError } from "@opf/framework";

/**
 * Checks, before anything is loaded, that a library was built for this kind of machine.
 *
 * @param options `advice`: a sentence for the message, what to do
 * @throws {RequestError} if the file is not a library or not a whole one, or is built for another machine
 */
export async function checkMachine(
  path: string,
  { machine, advice = "" }: { readonly machine: string; readonly advice?: string },
): Promise<void> {
  const { isFile, size } = await Deno.stat(path);
  const head = isFile ? await headOf(path) : undefined;
  const machines = head ? machinesOf(head) : [];
  if (machines.includes(machine) && !isCutOff(head!, size)) return;
  const got = !isFile
    ? "what is not a file"
    : machines.length === 0
    ? "a file that is not a library"
    : machines.includes(machine)
    ? `the beginning of one, ${size} bytes`
    : `one for ${machines.join(" and ")}`;
  throw new RequestError(
    `Loading ${path}: expected a library for this machine (${machine}), got ${got}. ${advice}`.trim(),
  );
}

async function headOf(path: string): Promise<DataView> {
  const head = new Uint8Array(512);
  using file = await Deno.open(path);
  const length = await file.read(head) ?? 0;
  return new DataView(head.buffer, 0, length);
}

// An ELF file of 64 bits ends with the table whose offset, entry size and length are at 40, 58 and 60. Loading less of it
// ends the process.
function isCutOff(head: DataView, size: number): boolean {
  if (head.getUint32(0) !== 0x7f454c46 || head.getUint8(4) !== 2) return false;
  const isLittle = head.getUint8(5) !== 2;
  const [entrySize, entries] = [head.getUint16(58, isLittle), head.getUint16(60, isLittle)];
  return Number(head.getBigUint64(40, isLittle)) + entrySize * entries > size;
}

const ELF = new Map([[62, "x86_64"], [183, "aarch64"], [40, "arm (32 bit)"], [3, "x86 (32 bit)"]]);
const MACH = new Map([[0x01000007, "x86_64"], [0x0100000c, "aarch64"]]);

// ELF: the machine is a 16-bit number at offset 18, in the byte order given by byte 5. Mach-O: a 32-bit number at offset 4.
// A universal Mach-O file starts with a big-endian table of machines, 20 bytes each.
function machinesOf(head: DataView): string[] {
  if (head.byteLength < 64) return [];
  const named = (format: string, table: Map<number, string>, code: number) =>
    `${format} ${table.get(code) ?? `machine ${code}`}`;
  switch (head.getUint32(0)) {
    case 0x7f454c46:
      return [named("ELF", ELF, head.getUint16(18, head.getUint8(5) !== 2))];
    case 0xcffaedfe:
      return [named("Mach-O", MACH, head.getUint32(4, true))];
    case 0xcafebabe:
      return Array.from(
        { length: Math.min(head.getUint32(4), 8, Math.floor((head.byteLength - 12) / 20)) },
        (_, index) => named("Mach-O", MACH, head.getUint32(8 + 20 * index)),
      );
    default:
      return [];
  }
}
