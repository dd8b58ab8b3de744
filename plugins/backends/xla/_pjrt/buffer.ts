/**
 * Arrays in a device's memory.
 *
 * @module
 */
import type { Pjrt } from "./pjrt.ts";
import { type Address, addressOf, Struct } from "./struct.ts";

/** Element types, by StableHLO's names. */
export type ElementType = "f32" | "i32" | "i1" | "ui32" | "ui64" | "bf16";

/** Values on the host. */
export type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

// PJRT_Buffer_Type
const TYPE_CODES: { readonly [type in ElementType]: number } = { i1: 1, i32: 4, ui32: 8, ui64: 9, f32: 11, bf16: 13 };

const IMMUTABLE_ONLY_DURING_CALL = 0; // PJRT_HostBufferSemantics

// One for all: a step of training destroys hundreds of arrays.
const DESTROY_ARGS = new Struct(24);

/** An array on one device, and perhaps the same on others; it holds the memory until it is destroyed. */
export class DeviceBuffer {
  /** On the devices after the first, in their order. */
  readonly #copies: DeviceBuffer[] = [];

  constructor(readonly pjrt: Pjrt, readonly address: Address) {}

  /** Copies values to a device. */
  static fromHost(
    pjrt: Pjrt,
    values: Values,
    { client, device, type, shape }: {
      readonly client: Address;
      readonly device: Address;
      readonly type: ElementType;
      readonly shape: readonly number[];
    },
  ): DeviceBuffer {
    const dimensions = BigInt64Array.from(shape, BigInt);
    const args = new Struct(120, { 16: client, 24: values, 40: dimensions, 48: shape.length, 80: device });
    args.setInt32(32, TYPE_CODES[type]);
    args.setInt32(72, IMMUTABLE_ONLY_DURING_CALL);
    pjrt.call("bufferFromHost", args);
    pjrt.await(args.address(104));
    return new DeviceBuffer(pjrt, args.address(112));
  }

  /** A copy on another device, which belongs to the caller. */
  copyToDevice(device: Address): DeviceBuffer {
    const args = this.pjrt.call("bufferCopyToDevice", new Struct(40, { 16: this.address, 24: device }));
    return new DeviceBuffer(this.pjrt, args.address(32));
  }

  /** This array with the same on the next devices, which live as long as it does. */
  withCopies(copies: readonly DeviceBuffer[]): this {
    this.#copies.push(...copies);
    return this;
  }

  /** The array on each of these devices, of which the first is its own. Copies are made once, and stay. */
  onEach(devices: readonly Address[]): DeviceBuffer[] {
    for (const device of devices.slice(this.#copies.length + 1)) this.#copies.push(this.copyToDevice(device));
    return [this, ...this.#copies.slice(0, devices.length - 1)];
  }

  /** Resolves once the values are computed. @throws {PjrtError} what went wrong while they were */
  async ready(): Promise<void> {
    const args = this.pjrt.call("bufferReadyEvent", new Struct(32, { 16: this.address }));
    await this.pjrt.awaitAsync(args.address(24));
  }

  /** Waits until the values are computed, and copies them into an array of their size. */
  copyTo(values: Values): void {
    this.pjrt.await(this.#startCopy(values));
  }

  /** The same without blocking this thread. */
  async copyToAsync(values: Values): Promise<void> {
    await this.pjrt.awaitAsync(this.#startCopy(values));
    addressOf(values); // alive until here
  }

  #startCopy(values: Values): Address {
    const args = new Struct(56, { 16: this.address, 32: values, 40: values.byteLength });
    return this.pjrt.call("bufferToHost", args).address(48);
  }

  destroy(): void {
    for (const copy of this.#copies) copy.destroy();
    DESTROY_ARGS.set(16, this.address);
    this.pjrt.call("bufferDestroy", DESTROY_ARGS);
  }
}
