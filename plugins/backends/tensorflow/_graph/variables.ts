/**
 * Variables of graphs: arguments whose memory a compiled function writes its outputs to, such as parameters that a
 * training step updates in place.
 *
 * @module
 */
import { setAttributes, typed } from "../_c_api/attributes.ts";
import type { Pointer } from "../_c_api/ffi.ts";
import type { Metadata } from "../_eager.ts";
import type { Output } from "./functions.ts";
import type { Graph } from "./graph.ts";

/** One variable of a graph under construction. Its reads and writes run in the order in which they are recorded. */
export class Variable {
  // The operations since the last write, that write included.
  #recent: Pointer[] = [];
  /** The id of the tensor that stands for its current value. */
  valueId?: number;

  /** @param handle the argument that holds the resource */
  constructor(readonly graph: Graph, readonly handle: Output) {}

  /** A node with the value after the last recorded write. */
  read({ shape, dtype }: Omit<Metadata, "id">): Output {
    const operation = this.graph.operation("ReadVariableOp", {
      describe: (node) => {
        this.graph.addInputs(node, [this.handle], 0);
        setAttributes(this.graph.library, { node }, [typed("dtype", dtype)]);
        this.orderAfterRecent(node);
      },
    });
    this.#recent.push(operation);
    const output = this.graph.output(operation, 0, { shape, dtype });
    this.graph.setShape(output);
    return output;
  }

  /** Records that a value is written to it. */
  assign(value: Output): void {
    this.written(this.graph.operation("AssignVariableOp", {
      describe: (node) => {
        this.graph.addInputs(node, [this.handle, value], 0);
        setAttributes(this.graph.library, { node }, [typed("dtype", value.dtype)]);
        this.orderAfterRecent(node);
      },
    }));
  }

  /** Makes a node that writes to it wait for the reads and the write before. */
  orderAfterRecent(node: Pointer): void {
    for (const operation of this.#recent) this.graph.library.c.TF_AddControlInput(node, operation);
  }

  /** Records that an operation has written to it. */
  written(operation: Pointer): void {
    this.#recent = [operation];
  }
}
