/**
 * TensorFlow.js's kernels for Node call `util.isNullOrUndefined`, which Deno's `node:util` does not have: define it
 * before they load, by importing this module first.
 *
 * @module
 */
import util from "node:util";

const legacy = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
