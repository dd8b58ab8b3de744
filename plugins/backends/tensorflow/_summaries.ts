/**
 * TensorBoard's event files, by TensorFlow's own summary ops.
 *
 * @module
 */
import type { SummaryWriter } from "@opf/framework";
import { ATTRIBUTE, typed } from "./_attributes.ts";
import type { Eager } from "./_eager.ts";
import { TYPE } from "./_ffi.ts";

const QUEUE = 100, FLUSH_MILLISECONDS = 10_000;

let writers = 0;

/** A writer of one new event file in a folder, which is made where it is missing. */
export function summaryWriter(eager: Eager, folder: string): SummaryWriter {
  const run = (name: string, inputs: readonly number[], attributes: Parameters<Eager["execute"]>[1] = []) =>
    eager.execute(name, attributes, inputs, 0);
  const scalar = (dtype: number, value: number) => eager.create([], dtype, [value]);
  // Writers are told apart by this name.
  const name = { name: "shared_name", type: ATTRIBUTE.string, value: `summaries_${writers++}` };
  const { id: writer } = eager.execute("SummaryWriter", [name], [], 1)[0]!;
  const given = [
    eager.createText(folder),
    scalar(TYPE.int32, QUEUE),
    scalar(TYPE.int32, FLUSH_MILLISECONDS),
    eager.createText(""),
  ];
  run("CreateSummaryFileWriter", [writer, ...given]);
  given.forEach((id) => eager.delete(id));
  const tags = new Map<string, number>();
  return {
    scalar: (tag, { step, value }) => {
      const known = tags.get(tag) ?? eager.createText(tag);
      tags.set(tag, known);
      const numbers = [scalar(TYPE.int64, step), scalar(TYPE.float32, value)] as const;
      run("WriteScalarSummary", [writer, numbers[0], known, numbers[1]], [typed("T", TYPE.float32)]);
      numbers.forEach((id) => eager.delete(id));
    },
    close: () => {
      run("FlushSummaryWriter", [writer]);
      run("CloseSummaryWriter", [writer]);
      for (const id of [writer, ...tags.values()]) eager.delete(id);
      tags.clear();
    },
  };
}
