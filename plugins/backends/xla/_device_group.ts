/**
 * The first devices of a client as a group that shares batches.
 *
 * @module
 */
import { type DeviceGroup, RequestError, tf } from "@opf/framework";
import type { XlaBackend } from "./_backend.ts";
import type { LazyNode } from "./_stablehlo/node.ts";
import { gatherFromDevices, sumOverDevices } from "./_stablehlo/devices.ts";

/** @throws {RequestError} if the client has fewer devices */
export function deviceGroup(backend: XlaBackend, size: number): DeviceGroup {
  const { devices, platform } = backend.runtime.client;
  if (size > devices.length) {
    throw new RequestError(
      `Expected at most ${devices.length} devices, as many as this machine has for the platform ${platform}, got ${size}.`,
    );
  }
  const collective = (compute: (node: LazyNode, devices: number) => LazyNode) => <T extends tf.Tensor>(tensor: T): T =>
    backend.devices === 1
      ? tensor
      : tf.engine().makeTensorFromTensorInfo(backend.infoOf(compute(backend.nodeOf(tensor), backend.devices))) as T;
  return { size, sum: collective(sumOverDevices), gather: collective(gatherFromDevices) };
}
