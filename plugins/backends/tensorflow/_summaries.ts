/**
 * TensorBoard's event files, by TensorFlow's own summary ops.
 *
 * @module
 */
import type { SummaryWriter } from "@opf/framework";
import { ATTRIBUTE, typed } from "./_c_api/attributes.ts";
import { TYPE } from "./_c_api/ffi.ts";
import type { Eager } from "./_eager.ts";

const QUEUE = 100, FLUSH_MILLISECONDS = 10_000;

let writers = 0;

/** A writer of a new event file in a folder, which is created if it is missing. */
export function summaryWriter(eager: Eager, folder: string): SummaryWriter {
  const run = (name: string, inputs: readonly number[], attributes: Parameters<Eager["execute"]>[1] = []) =>
    eager.execute(name, attributes, inputs, 0);
  const scalar = (dtype: number, value: number) => eager.create([], dtype, [value]);
  // The name identifies the writer.
  const name = { name: "shared_name", type: ATTRIBUTE.string, value: `summaries_${writers++}` };
  const { id: writer } = eager.execute("SummaryWriter", [name], [], 1)[0]!;
  const settings = [
    eager.createText(folder),
    scalar(TYPE.int32, QUEUE),
    scalar(TYPE.int32, FLUSH_MILLISECONDS),
    eager.createText(""),
  ];
  run("CreateSummaryFileWriter", [writer, ...settings]);
  settings.forEach((id) => eager.delete(id));
  const tags = new Map<string, number>();
  return {
    scalar: (tag, { step, value }) => {
      const tagId = tags.getOrInsertComputed(tag, () => eager.createText(tag));
      const [stepId, valueId] = [scalar(TYPE.int64, step), scalar(TYPE.float32, value)];
      run("WriteScalarSummary", [writer, stepId, tagId, valueId], [typed("T", TYPE.float32)]);
      [stepId, valueId].forEach((id) => eager.delete(id));
    },
    close: () => {
      run("FlushSummaryWriter", [writer]);
      run("CloseSummaryWriter", [writer]);
      for (const id of [writer, ...tags.values()]) eager.delete(id);
      tags.clear();
    },
  };
}
