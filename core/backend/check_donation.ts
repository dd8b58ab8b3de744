/**
 * Whether outputs of a compiled function fit the memory of the arguments that they are to reuse.
 *
 * @module
 */
import type { TensorInfo } from "./tf.ts";

type Description = Pick<TensorInfo, "dtype" | "shape">;

/** What a function was called with, and what it returned. */
export interface Donation {
  /** See `JitOptions.donate`. */
  readonly donate: readonly (number | undefined)[];
  readonly inputs: readonly Description[];
  readonly outputs: readonly Description[];
}

/**
 * Checks that each donated argument has the type and shape of its output, and is donated once.
 *
 * @param name the function's, for the message
 * @throws {Error} which names the argument and the output
 *
 * @example
 * ```ts
 * import { checkDonation, tf } from "@opf/framework";
 * import { assertThrows } from "@std/assert";
 *
 * const [vector, scalar] = [tf.ones([3]), tf.scalar(1)];
 * assertThrows(() => checkDonation("sum", { donate: [0], inputs: [vector], outputs: [scalar] }), Error, "float32[3]");
 * ```
 */
export function checkDonation(name: string, { donate, inputs, outputs }: Donation): void {
  donate.forEach((argument, output) => {
    if (argument === undefined) return;
    const [from, to] = [describe(inputs[argument]), describe(outputs[output])];
    const what = `"${name}" donates argument ${argument}`;
    if (from !== to || !inputs[argument]) {
      throw new Error(`${what}, ${from}, to output ${output}, ${to}: expected two tensors of one type and shape.`);
    }
    const first = donate.indexOf(argument);
    if (first !== output) throw new Error(`${what} to the outputs ${first} and ${output}: expected one output.`);
  });
}

const describe = (tensor: Description | undefined): string =>
  tensor ? `${tensor.dtype}[${tensor.shape}]` : "which does not exist";
