/**
 * A PJRT plugin, XLA for one kind of device behind a C API, opened through Deno's FFI.
 *
 * The layout of `PJRT_Api` and of the argument structs is that of OpenXLA's `xla/pjrt/c/pjrt_c_api.h`, which is append-only:
 * fields and functions keep their offsets, and each struct carries its own size.
 *
 * @module
 */
import { messageOf, RequestError } from "@opf/framework";
import { type Address, Struct } from "./struct.ts";

/** Places of the functions in the plugin's table. */
const SLOTS = {
  errorDestroy: 0,
  errorMessage: 1,
  errorCode: 2,
  pluginInitialize: 3,
  eventDestroy: 5,
  eventIsReady: 6,
  eventAwait: 8,
  clientCreate: 10,
  clientPlatformName: 12,
  clientPlatformVersion: 14,
  clientAddressableDevices: 16,
  clientCompile: 20,
  bufferFromHost: 22,
  descriptionKind: 26,
  deviceDescription: 29,
  deviceMemoryStats: 34,
  executableDestroy: 40,
  executableNumOutputs: 44,
  executableSerialize: 49,
  loadedDestroy: 50,
  loadedGetExecutable: 51,
  loadedExecute: 55,
  deserializeAndLoad: 56,
  bufferDestroy: 58,
  bufferCopyToDevice: 69,
  bufferToHost: 70,
  bufferReadyEvent: 72,
} as const;

/** A function of the C API. */
export type Slot = keyof typeof SLOTS;

const TABLE = 40; // offset of the first function in PJRT_Api
const MAJOR = 32, MINOR = 36; // offsets of the version
/** The oldest minor version with every function and field in use. */
const OLDEST_MINOR = 40;

const SIGNATURE = { parameters: ["buffer"], result: "pointer" } as const;
const SIGNATURE_ASYNC = { ...SIGNATURE, nonblocking: true } as const;

/** What a plugin reports, with its code: `RESOURCE_EXHAUSTED`, `INVALID_ARGUMENT`, … */
export class PjrtError extends Error {
  override readonly name = "PjrtError";

  constructor(message: string, readonly code: string) {
    super(message);
  }
}

// PJRT_Error_Code, those of absl::Status.
const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const ADVICE = "Name another one in OPF_PJRT_PLUGIN, or unset it to get the pinned one.";

/** Refuses a plugin whose API is not the one in use. @throws {RequestError} unless 0.40 ≤ version < 1 */
export function checkApiVersion(path: string, { major, minor }: Pjrt["version"]): void {
  if (major === 0 && minor >= OLDEST_MINOR) return;
  throw new RequestError(
    `Loading the PJRT plugin ${path}: expected API version 0.${OLDEST_MINOR} or later, before 1, got ${major}.${minor}. ` +
      ADVICE,
  );
}

/** A loaded plugin. */
export class Pjrt {
  readonly path: string;
  readonly version: { readonly major: number; readonly minor: number };
  readonly #table: Deno.UnsafePointerView;
  readonly #functions = new Map<Slot, Deno.UnsafeFnPointer<typeof SIGNATURE>>();
  #await: Deno.UnsafeFnPointer<typeof SIGNATURE_ASYNC> | undefined;

  /**
   * Loads a plugin and initializes it.
   *
   * @throws {RequestError} where the file is not a PJRT plugin, or one of too old an API
   */
  constructor(path: string) {
    this.path = path;
    this.#table = openTable(path);
    this.version = { major: this.#table.getInt32(MAJOR), minor: this.#table.getInt32(MINOR) };
    checkApiVersion(path, this.version);
    this.call("pluginInitialize", new Struct(16));
  }

  /** Calls a function of the C API and returns its argument struct. @throws {PjrtError} */
  call(slot: Slot, args: Struct): Struct {
    this.#check(this.#function(slot).call(args.bytes));
    return args;
  }

  /** Waits for an event and destroys it; 0n is an event that has happened. @throws {PjrtError} the event's error */
  await(event: Address): void {
    if (event === 0n) return;
    try {
      this.call("eventAwait", new Struct(24, { 16: event }));
    } finally {
      this.call("eventDestroy", new Struct(24, { 16: event }));
    }
  }

  /** Waits for an event, on another thread unless it has happened. @throws {PjrtError} the event's error */
  async awaitAsync(event: Address): Promise<void> {
    if (event === 0n) return;
    if (this.call("eventIsReady", new Struct(32, { 16: event })).boolean(24)) return this.await(event);
    try {
      this.#await ??= new Deno.UnsafeFnPointer(this.#pointer<typeof SIGNATURE_ASYNC>("eventAwait"), SIGNATURE_ASYNC);
      const args = new Struct(24, { 16: event });
      this.#check(await this.#await.call(args.bytes));
    } finally {
      this.call("eventDestroy", new Struct(24, { 16: event }));
    }
  }

  #pointer<T>(slot: Slot): Deno.PointerObject<T> {
    return Deno.UnsafePointer.create<T>(this.#table.getBigUint64(TABLE + 8 * SLOTS[slot]))!;
  }

  #function(slot: Slot): Deno.UnsafeFnPointer<typeof SIGNATURE> {
    let pointer = this.#functions.get(slot);
    if (!pointer) {
      pointer = new Deno.UnsafeFnPointer(this.#pointer<typeof SIGNATURE>(slot), SIGNATURE);
      this.#functions.set(slot, pointer);
    }
    return pointer;
  }

  #check(error: Deno.PointerValue): void {
    if (error === null) return;
    const address = Deno.UnsafePointer.value(error);
    const message = new Struct(40, { 16: address });
    this.#function("errorMessage").call(message.bytes);
    const code = new Struct(32, { 16: address });
    this.#function("errorCode").call(code.bytes);
    const { text, number } = { text: message.text(24), number: code.int32(24) };
    this.#function("errorDestroy").call(new Struct(24, { 16: address }).bytes);
    throw new PjrtError(text, CODES[number] ?? `code ${number}`);
  }
}

function openTable(path: string): Deno.UnsafePointerView {
  const functions = { GetPjrtApi: { parameters: [], result: "pointer" } } as const;
  let table: Deno.PointerValue;
  try {
    table = Deno.dlopen(path, functions).symbols.GetPjrtApi();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new RequestError(
      `Loading ${path}: expected a PJRT plugin for this machine, got: ${messageOf(error)}. ${ADVICE}`,
    );
  }
  if (table === null) throw new RequestError(`Loading ${path}: the plugin has no PJRT API. ${ADVICE}`);
  return new Deno.UnsafePointerView(table);
}
