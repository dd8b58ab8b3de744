/**
 * The plugin for the CPU, for tests of what lies below the engine.
 *
 * @module
 */
import { loadPermanently } from "../../../../../plugins/backends/_load_permanently.ts";
import type { DeviceBuffer } from "../../../../../plugins/backends/xla/_pjrt/buffer.ts";
import { Client } from "../../../../../plugins/backends/xla/_pjrt/client.ts";
import { Pjrt } from "../../../../../plugins/backends/xla/_pjrt/pjrt.ts";
import { findPlugin } from "../../../../../plugins/backends/xla/plugin.ts";

const { path } = await findPlugin({ device: "cpu" });
loadPermanently([path]);
export const client = new Client(new Pjrt(path));

/** Float values `[values.length]` on a device. */
export const upload = (values: readonly number[], device = 0): DeviceBuffer =>
  client.upload(Float32Array.from(values), { type: "f32", shape: [values.length], device });

/** The values of a float array of so many elements. */
export function download(buffer: DeviceBuffer, count: number): number[] {
  const values = new Float32Array(count);
  buffer.copyTo(values);
  return [...values];
}
