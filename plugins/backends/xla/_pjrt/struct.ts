/**
 * Argument structs of PJRT's C API, and the memory that they point to.
 *
 * @module
 */

/** Bytes that FFI can be given. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The address of an object of the plugin; 0n is null. */
export type Address = bigint;

/** An argument struct: 8-byte words, the first its own size, and the memory that it points to. */
export class Struct {
  readonly bytes: Bytes;
  readonly #view: DataView<ArrayBuffer>;
  // What is pointed to lives as long as the struct.
  readonly #pointees: unknown[] = [];

  /** @param words values by byte offset: numbers, addresses, or memory whose address is stored */
  constructor(size: number, words: { readonly [offset: number]: number | Address | ArrayBufferView | Struct } = {}) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    this.set(0, size);
    for (const [offset, value] of Object.entries(words)) this.set(Number(offset), value);
  }

  set(offset: number, value: number | Address | ArrayBufferView | Struct): void {
    if (typeof value === "object") {
      this.#pointees.push(value);
      value = addressOf(value instanceof Struct ? value.bytes : value);
    }
    this.#view.setBigUint64(offset, BigInt(value), true);
  }

  /** Keeps memory alive that is pointed to from elsewhere. */
  keep(...memory: readonly unknown[]): void {
    this.#pointees.push(...memory);
  }

  setInt32(offset: number, value: number): void {
    this.#view.setInt32(offset, value, true);
  }

  address(offset: number): Address {
    return this.#view.getBigUint64(offset, true);
  }

  /** A count, or a signed number of at most 53 bits. */
  number(offset: number): number {
    return Number(this.#view.getBigInt64(offset, true));
  }

  int32(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  boolean(offset: number): boolean {
    return this.#view.getUint8(offset) !== 0;
  }

  /** Text given as an address and a size in the two words at an offset. */
  text(offset: number): string {
    return new TextDecoder().decode(this.memory(offset));
  }

  /** A copy of the memory given as an address and a size in the two words at an offset. */
  memory(offset: number, sizeAt = offset + 8): Bytes {
    const size = this.number(sizeAt);
    if (size === 0) return new Uint8Array();
    return new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(this.address(offset))!, size),
    ).slice();
  }

  /** The addresses in the array given as an address and a count in two words. */
  addresses(offset: number, countAt = offset + 8): Address[] {
    const count = this.number(countAt);
    if (count === 0) return [];
    const view = new Deno.UnsafePointerView(Deno.UnsafePointer.create(this.address(offset))!);
    return Array.from({ length: count }, (_, index) => view.getBigUint64(8 * index));
  }
}

/** The address of memory; the caller keeps that alive. */
export const addressOf = (memory: ArrayBufferView): Address =>
  memory.byteLength === 0 ? 0n : Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory as Bytes));
