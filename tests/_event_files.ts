/**
 * Reads TensorBoard's event files: TFRecord's framing with its checksums, and of each event its step and its scalars.
 *
 * @module
 */

/** A scalar of an event file. */
export interface Point {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** All scalars of the event files of a folder; a record whose checksum is wrong is an error. */
export function readPoints(folder: string): Point[] {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.includes("tfevents"));
  return files.toSorted().flatMap((name) => records(Deno.readFileSync(`${folder}/${name}`)).flatMap(pointsOf));
}

// Length in 8 bytes, its checksum in 4, the data, its checksum.
function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const sums = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)];
    if (sums[0] !== masked(bytes.subarray(at, at + 8)) || sums[1] !== masked(data)) {
      throw new Error(`The record at byte ${at} has a wrong checksum.`);
    }
    found.push(data);
    at += 16 + length;
  }
  return found;
}

// CRC-32C, turned by 15 bits and moved by a constant.
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}

// Fields of a protocol buffer, in their order.
function* fields(bytes: Uint8Array): Generator<readonly [number: number, value: number | Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  const varint = () => {
    let value = 0, shift = 1, byte;
    do {
      byte = bytes[at++]!;
      value += (byte & 127) * shift;
      shift *= 128;
    } while (byte & 128);
    return value;
  };
  while (at < bytes.length) {
    const key = varint(), number = key >>> 3, kind = key & 7;
    if (kind === 0) yield [number, varint()];
    else if (kind === 1) yield [number, view.getFloat64((at += 8) - 8, true)];
    else if (kind === 5) yield [number, view.getFloat32((at += 4) - 4, true)];
    else {
      const length = varint();
      yield [number, bytes.subarray(at, at += length)];
    }
  }
}

// tensorflow.Event: step 2, summary 5; its values 1: tag 1, simple_value 2 (tensorflow/core/util/event.proto).
function pointsOf(event: Uint8Array): Point[] {
  const known = [...fields(event)];
  const step = known.find(([number]) => number === 2)?.[1] as number | undefined ?? 0;
  return known.filter(([number]) => number === 5).flatMap(([, summary]) =>
    [...fields(summary as Uint8Array)].map(([, value]) => {
      const parts = new Map(fields(value as Uint8Array));
      return { tag: new TextDecoder().decode(parts.get(1) as Uint8Array), step, value: parts.get(2) as number };
    })
  );
}
