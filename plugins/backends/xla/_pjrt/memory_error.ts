/**
 * A device without room.
 *
 * @module
 */
import { DeviceMemoryError } from "@opf/framework";
import type { DeviceMemory } from "./client.ts";
import { PjrtError } from "./pjrt.ts";

/** The error of a full device with what was requested and what is free, if the plugin reports them; any other error as it is. */
export function withMemory(error: unknown, memory: () => DeviceMemory | undefined): unknown {
  if (!(error instanceof PjrtError) || !isFull(error)) return error;
  const [reason] = error.message.split("\n") as [string];
  const requested = requestedBytes(reason), { bytesInUse, bytesLimit } = memory() ?? {};
  const what = requested === undefined ? reason : `a program requested ${gigabytes(requested)}`;
  const room = bytesLimit === undefined
    ? ""
    : `, and ${gigabytes(bytesLimit - bytesInUse!)} of ${gigabytes(bytesLimit)} are free`;
  return new DeviceMemoryError(`The device is out of memory: ${what}${room}.`);
}

const isFull = ({ code, message }: PjrtError): boolean =>
  code === "RESOURCE_EXHAUSTED" || /out of memory|RESOURCE_EXHAUSTED/i.test(message);

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `… trying to allocate 1099511627776 bytes`, `… allocate 16.00GiB`. */
function requestedBytes(message: string): number | undefined {
  const [, count, unit] = /allocat\w*\D*?([\d.]+)\s*(B|[KMGT])(?:iB|ytes)?/i.exec(message) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit!.toUpperCase()]!;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
