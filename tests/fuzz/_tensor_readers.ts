/**
 * Readers of tensors: weights and checkpoints.
 *
 * @module
 */
import { readSafetensors } from "../../core/io/safetensors.ts";
import { RunCheckpoint } from "../../core/run/checkpoint_file.ts";
import { decode, expectKeysOnce, expectSame } from "./_expect.ts";
import { Contradiction, type FileReader } from "./_fuzz.ts";
import { checkpointFile, TENSOR_BYTES, tensorFile } from "./_seeds.ts";

const decoders: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  F32: (view, at) => view.getFloat32(4 * at, true),
  F16: (view, at) => view.getFloat16(2 * at, true),
  I32: (view, at) => view.getInt32(4 * at, true),
  I64: (view, at) => Number(view.getBigInt64(8 * at, true)),
};

export const safetensors: FileReader = {
  name: "safetensors",
  seeds: [tensorFile("model.safetensors")],
  async read(path, bytes) {
    const file = await readSafetensors(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = decode(bytes.subarray(8, 8 + length));
    expectKeysOnce(text);
    const header = JSON.parse(text);
    const ends = [...file.entries].map(([name]) => header[name].data_offsets as [number, number]).sort(([a], [b]) =>
      a - b
    );
    ends.reduce((end, [from, to]) => (expectSame("offsets", from, end), to), 0);
    for (const [name, { dtype, shape }] of file.entries) {
      const { values } = file.tensor(name);
      const [from, to] = header[name].data_offsets;
      const view = new DataView(bytes.buffer, 8 + length + from, to - from);
      expectSame(`${name}.length`, values.length, shape.reduce((product, axis) => product * axis, 1));
      values.forEach((value, at) => expectSame(`${name}[${at}]`, value, decoders[dtype]!(view, at)));
    }
    return undefined;
  },
};

export const checkpoints: FileReader = {
  name: "checkpoints",
  seeds: [checkpointFile("checkpoint.safetensors")],
  async read(path, bytes) {
    let message: string | undefined;
    const note = (text: string) => void (message = text);
    const checkpoint = await RunCheckpoint.open(path, {
      id: "r-1",
      steps: 100,
      everySeconds: 60,
      usage: () => ({ seconds: 0, peakBytes: 0, resumedFrom: [] }),
      flush: () => {},
      note,
    });
    if (message !== undefined) return message;
    const state = checkpoint.load();
    if (!state) throw new Contradiction("a checkpoint that is neither resumed nor refused");
    const { step } = state.facts.position;
    if (!(step >= 0 && step <= 100)) throw new Contradiction(`resumed at step ${step}`);
    expectSame("seconds", checkpoint.usage.resumedFrom.at(-1), step);
    const values = [...state.tensors.values()].map(({ read }) => new Uint8Array(read().buffer as ArrayBuffer).toHex())
      .join("");
    expectSame("tensors", values, TENSOR_BYTES);
    const header = decode(bytes.subarray(8, 8 + new DataView(bytes.buffer).getUint32(0, true)));
    expectKeysOnce(header);
    expectKeysOnce(JSON.parse(header).__metadata__.state);
    return undefined;
  },
};
