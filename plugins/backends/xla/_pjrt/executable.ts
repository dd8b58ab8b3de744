/**
 * Compiled programs.
 *
 * @module
 */
import { DeviceBuffer } from "./buffer.ts";
import type { Pjrt } from "./pjrt.ts";
import { type Address, addressOf, type Bytes, Struct } from "./struct.ts";

// Programs are unloaded once nobody can run them any more.
const unloading = new FinalizationRegistry<() => void>((unload) => unload());

/** A program loaded on the devices it was compiled for, as long as it is referenced. */
export class Executable {
  readonly outputCount: number;

  constructor(readonly pjrt: Pjrt, readonly address: Address) {
    unloading.register(this, () => pjrt.call("loadedDestroy", new Struct(24, { 16: address })));
    this.outputCount = this.#withExecutable((executable) =>
      pjrt.call("executableNumOutputs", new Struct(32, { 16: executable })).number(24)
    );
  }

  /**
   * Starts the program and returns at once; the outputs are buffers that are filled in later.
   *
   * @param lists the arguments, one list per device
   * @param keep indices of arguments that keep their memory even where the program declares them as donated
   * @returns the outputs, one list per device
   */
  execute(lists: readonly (readonly DeviceBuffer[])[], keep: readonly number[] = []): DeviceBuffer[][] {
    const inputs = lists.map((list) => BigUint64Array.from(list, ({ address }) => address));
    const outputs = lists.map(() => new BigUint64Array(this.outputCount));
    const options = new Struct(144);
    if (keep.length > 0) {
      options.set(56, BigInt64Array.from(keep, BigInt));
      options.set(64, keep.length);
    }
    const args = new Struct(80, {
      16: this.address,
      24: options,
      32: BigUint64Array.from(inputs, addressOf),
      40: lists.length,
      48: lists[0]!.length,
      56: BigUint64Array.from(outputs, addressOf),
    });
    args.keep(inputs, outputs);
    this.pjrt.call("loadedExecute", args);
    return outputs.map((list) => Array.from(list, (address) => new DeviceBuffer(this.pjrt, address)));
  }

  /** The compiled program as bytes that the same plugin loads again. @throws {PjrtError} where the plugin cannot */
  serialize(): Bytes {
    return this.#withExecutable((executable) => {
      const args = this.pjrt.call("executableSerialize", new Struct(56, { 16: executable }));
      const bytes = args.memory(24);
      const signature = { parameters: ["pointer"], result: "void" } as const;
      const deleter = Deno.UnsafePointer.create<typeof signature>(args.address(48));
      if (deleter) new Deno.UnsafeFnPointer(deleter, signature).call(Deno.UnsafePointer.create(args.address(40)));
      return bytes;
    });
  }

  #withExecutable<T>(use: (executable: Address) => T): T {
    const executable = this.pjrt.call("loadedGetExecutable", new Struct(32, { 16: this.address })).address(24);
    try {
      return use(executable);
    } finally {
      this.pjrt.call("executableDestroy", new Struct(24, { 16: executable }));
    }
  }
}
