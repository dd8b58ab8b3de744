/**
 * The context of TensorFlow's eager runtime: its settings and devices.
 *
 * @module
 */
import type { Bytes, Library, Pointer } from "./ffi.ts";
import { text } from "./ffi.ts";

/** A device that TensorFlow sees. */
export interface Device {
  readonly name: string;
}

/** A new context of the eager runtime, which lives as long as the process. */
export function newContext(library: Library, settings: { readonly threads: number }): Pointer {
  const { c, status, check } = library;
  const options = c.TFE_NewContextOptions();
  const config = configProto(settings);
  c.TFE_ContextOptionsSetConfig(options, config, BigInt(config.length), status);
  check(() => "Configuring TensorFlow");
  const context = c.TFE_NewContext(options, status);
  c.TFE_DeleteContextOptions(options);
  check(() => "Starting TensorFlow");
  return context!;
}

/** The devices of a context. */
export function devices({ c, status, check }: Library, context: Pointer): Device[] {
  const list = c.TFE_ContextListDevices(context, status);
  check(() => "Listing TensorFlow's devices");
  const all = Array.from({ length: c.TF_DeviceListCount(list) }, (_, index) => ({
    name: text(c.TF_DeviceListName(list, index, status)),
  }));
  c.TF_DeleteDeviceList(list);
  return all;
}

// The wire format of tensorflow.ConfigProto; the numbers are its fields (tensorflow/core/protobuf/config.proto).
function configProto({ threads }: { readonly threads: number }): Bytes {
  const number = (field: number, value: number) => [...varint(field << 3), ...varint(value)];
  const message = (
    field: number,
    bytes: readonly number[],
  ) => [...varint(field << 3 | 2), ...varint(bytes.length), ...bytes];
  const noGpu = message(1, [...message(1, [..."GPU"].map((letter) => letter.charCodeAt(0))), ...number(2, 0)]);
  return Uint8Array.from([
    ...noGpu, // device_count["GPU"] = 0, for a library of the user's that is built for GPUs
    ...number(2, threads), // intra_op_parallelism_threads
    // inter_op_parallelism_threads: a second op fills the gaps between the parallel parts of the first.
    ...number(5, Math.min(threads, 2)),
    ...number(7, 1), // allow_soft_placement
    // graph_options.rewrite_options.disable_meta_optimizer: it finds nothing to improve in the graphs recorded here.
    ...message(10, message(10, number(19, 1))),
  ]);
}

function varint(value: number): number[] {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push(value & 127 | 128);
  return [...bytes, value];
}
