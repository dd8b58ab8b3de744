/**
 * The precision of matrix products.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { Backend, Precision } from "./engine.ts";

/**
 * The requested precision of a backend's products, or else the one that it trains with first on a device.
 *
 * @param options `name`: of the setting, for messages
 * @throws {RequestError} if the backend does not have it there
 */
export function precisionOf(
  requested: Precision | null | undefined,
  { backend, device, name = "training.precision" }: {
    readonly backend: Backend;
    readonly device: "cpu" | "gpu";
    readonly name?: string;
  },
): Precision {
  const known = backend.precisions?.(device) ?? ["float32"];
  const precision = requested ?? known[0]!;
  if (known.includes(precision)) return precision;
  throw new RequestError(
    `${name}: expected ${known.join(" or ")}, which the backend ${backend.name} has on the ${device.toUpperCase()}, ` +
      `got ${precision}.`,
  );
}
