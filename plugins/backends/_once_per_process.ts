/**
 * Backends that a process starts once.
 *
 * @module
 */
import { type BackendOptions, type Engine, RequestError } from "@opf/framework";

/**
 * A start whose result all later calls get. One that failed can be tried again.
 *
 * @returns rejects with a {@linkcode RequestError} where another device is requested than that of the first call
 */
export function oncePerProcess<T extends Pick<Engine, "name" | "device">>(
  start: (options: BackendOptions) => Promise<T>,
): (options?: BackendOptions) => Promise<T> {
  let started: Promise<T> | undefined;
  return async (options = {}) => {
    started ??= start(options).catch((error) => {
      started = undefined;
      throw error;
    });
    const result = await started, { device } = options;
    if (device === undefined || device === result.device) return result;
    throw new RequestError(
      `Expected a ${device.toUpperCase()}, got the backend ${result.name}, which this process has started on the ` +
        `${result.device.toUpperCase()}.`,
    );
  };
}
