/**
 * Few rows in place of a table of zeros and them.
 *
 * @module
 */
import { type TableRows, tf } from "@opf/framework";
import { typed } from "./_attributes.ts";
import { TYPE } from "./_ffi.ts";
import type { Compiler } from "./_jit.ts";
import type { KernelBackend } from "./_kernels.ts";

// A row of zeros is written once and read twice; one that is told apart is read and written about 14 times.
const WORTH = 5;

/** The engine's part that tells rows apart. */
export const tableRows = (backend: KernelBackend, compiler: Compiler): TableRows => ({
  of(tensor) {
    const [values, ids] = compiler.addends(tensor) ?? [];
    const [entries] = tensor.shape as [number];
    if (!values || values.rank !== 2 || ids!.rank !== 1 || WORTH * ids!.size > entries) return undefined;
    const count = ids!.size;
    const firsts = backend.executeSingleOutput("UnsortedSegmentMin", [
      typed("T", TYPE.int32),
      typed("Tindices", TYPE.int32),
      typed("Tnumsegments", TYPE.int32),
    ], [tf.range(0, count, 1, "int32"), ids!, tf.scalar(entries, "int32")]);
    const places = tf.gather(firsts as tf.Tensor1D, ids as tf.Tensor1D);
    return { ids: ids as tf.Tensor1D, values: tf.unsortedSegmentSum(values as tf.Tensor2D, places, count) };
  },
  add: (table, { ids, values }) =>
    backend.executeSingleOutput("TensorScatterAdd", [typed("T", TYPE.float32), typed("Tindices", TYPE.int32)], [
      table,
      tf.expandDims(ids, 1),
      values,
    ]),
});
