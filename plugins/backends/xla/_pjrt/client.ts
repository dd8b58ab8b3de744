/**
 * A plugin's client: its devices, and what is compiled for them.
 *
 * @module
 */
import { DeviceBuffer, type ElementType, type Values } from "./buffer.ts";
import { compileOptions, type Flags } from "./compile_options.ts";
import { Executable } from "./executable.ts";
import { Pjrt, PjrtError } from "./pjrt.ts";
import { type Address, type Bytes, Struct } from "./struct.ts";

/** One device of a client. */
export interface Device {
  readonly address: Address;
  /** `NVIDIA H200`, `cpu`. */
  readonly kind: string;
}

/** Bytes in the memory of a device. */
export interface DeviceMemory {
  readonly bytesInUse: number;
  readonly peakBytesInUse?: number;
  /** What programs and arrays can have at most. */
  readonly bytesLimit?: number;
}

/** Platform-specific options of a client, by name: `{ preallocate: false }`. */
export type ClientOptions = Readonly<Record<string, string | number | boolean>>;

// PJRT_NamedValue_Type
const STRING = 0, INT64 = 1, FLOAT = 3, BOOL = 4;

/** What runs programs: a plugin with the devices of this process. */
export class Client {
  readonly pjrt: Pjrt;
  readonly address: Address;
  /** `cpu`, `cuda`, `rocm`. */
  readonly platform: string;
  readonly platformVersion: string;
  readonly devices: readonly Device[];
  /** What programs are compiled with. */
  readonly flags: Flags;

  /** @throws {PjrtError} if the plugin finds no device, if the driver is too old, or if it does not know an option */
  constructor(pjrt: Pjrt, { options = {}, flags = {} }: {
    readonly options?: ClientOptions;
    readonly flags?: Flags;
  } = {}) {
    this.pjrt = pjrt;
    this.flags = flags;
    const values = Object.entries(options).map(([name, value]) => namedValue(name, value));
    const list = new Uint8Array(values.length * NAMED_VALUE_SIZE);
    values.forEach(({ bytes }, index) => list.set(bytes, index * NAMED_VALUE_SIZE));
    const create = new Struct(88, { 16: list, 24: values.length });
    this.address = pjrt.call("clientCreate", create).address(64);
    this.platform = pjrt.call("clientPlatformName", new Struct(40, { 16: this.address })).text(24);
    this.platformVersion = pjrt.call("clientPlatformVersion", new Struct(40, { 16: this.address })).text(24);
    this.devices = pjrt.call("clientAddressableDevices", new Struct(40, { 16: this.address })).addresses(24)
      .map((address) => {
        const description = pjrt.call("deviceDescription", new Struct(32, { 16: address })).address(24);
        return { address, kind: pjrt.call("descriptionKind", new Struct(40, { 16: description })).text(24) };
      });
  }

  /**
   * Compiles StableHLO text.
   *
   * @param replicas devices that run the program together, each with arguments of its own
   * @throws {PjrtError} where the program is not valid
   */
  compile(program: string, { replicas = 1 }: { readonly replicas?: number } = {}): Executable {
    const [code, format, options] = [encode(program), encode("mlir"), compileOptions({ replicas, flags: this.flags })];
    const described = new Struct(48, { 16: code, 24: code.length, 32: format, 40: format.length });
    const args = new Struct(56, { 16: this.address, 24: described, 32: options, 40: options.length });
    return new Executable(this.pjrt, this.pjrt.call("clientCompile", args).address(48));
  }

  /** Loads a program that {@linkcode Executable.serialize} gave. @throws {PjrtError} where the bytes are another plugin's */
  deserialize(bytes: Bytes): Executable {
    const args = new Struct(64, { 16: this.address, 24: bytes, 32: bytes.length });
    return new Executable(this.pjrt, this.pjrt.call("deserializeAndLoad", args).address(40));
  }

  /** Copies values to a device. */
  upload(
    values: Values,
    { type, shape, device = 0 }: {
      readonly type: ElementType;
      readonly shape: readonly number[];
      /** An index in {@linkcode devices}. */
      readonly device?: number;
    },
  ): DeviceBuffer {
    return DeviceBuffer.fromHost(this.pjrt, values, {
      client: this.address,
      device: this.devices[device]!.address,
      type,
      shape,
    });
  }

  /** The memory of a device; absent where the plugin does not count it. */
  memory(device = 0): DeviceMemory | undefined {
    try {
      const stats = this.pjrt.call("deviceMemoryStats", new Struct(208, { 16: this.devices[device]!.address }));
      return {
        bytesInUse: stats.number(24),
        ...(stats.boolean(40) && { peakBytesInUse: stats.number(32) }),
        ...(stats.boolean(88) && { bytesLimit: stats.number(80) }),
      };
    } catch (error) {
      if (error instanceof PjrtError && error.code === "UNIMPLEMENTED") return undefined;
      throw error;
    }
  }
}

const NAMED_VALUE_SIZE = 56;

function namedValue(name: string, value: string | number | boolean): Struct {
  const nameBytes = encode(name);
  const struct = new Struct(NAMED_VALUE_SIZE, { 16: nameBytes, 24: nameBytes.length, 48: 1 });
  if (typeof value === "string") {
    const bytes = encode(value);
    struct.setInt32(32, STRING);
    struct.set(40, bytes);
    struct.set(48, bytes.length);
  } else if (typeof value === "boolean") {
    struct.setInt32(32, BOOL);
    struct.set(40, Number(value));
  } else if (Number.isInteger(value)) {
    struct.setInt32(32, INT64);
    struct.set(40, BigInt.asUintN(64, BigInt(value)));
  } else {
    struct.setInt32(32, FLOAT);
    struct.set(40, new Uint32Array(Float32Array.of(value).buffer)[0]!);
  }
  return struct;
}

const encode = (text: string): Bytes => new TextEncoder().encode(text);
