/**
 * Stateless random numbers: Philox bits from TensorFlow's own op, made into numbers and masks.
 *
 * @module
 */
import { type Engine, KERNEL_SIZE, type Key, maskThreshold, memoize, RandomKey, tf } from "@opf/framework";
import { typed } from "./_attributes.ts";
import type { Metadata } from "./_eager.ts";
import { TYPE } from "./_ffi.ts";
import type { KernelBackend, Target } from "./_kernels.ts";
import { MASK_BLOCK, type Op, philoxMask } from "./_philox.ts";

const PHILOX = 1; // tensorflow::Algorithm::RNG_ALG_PHILOX

/** The random part of an engine. */
export function randomNumbers(
  { backend, target, jit }: { backend: KernelBackend; target: Target; jit: Engine["jit"] },
): Pick<Engine, "randomUniform" | "randomMask"> {
  // TensorFlow.js has no unsigned types: these ops stay below it, and what they make in between is deleted here.
  const below = (compute: (op: Op) => number): tf.Tensor => {
    const made: Metadata[] = [];
    const result = compute((name, attributes, inputs) => {
      const [output] = target.executeOp(name, attributes, inputs, 1);
      made.push(output!);
      return output!.id;
    });
    for (const { id } of made) if (id !== result) target.deleteTensor(id);
    return backend.createOutputTensor(made.find(({ id }) => id === result)!);
  };

  const bits = (op: Op, { key, counter, count }: { key: tf.Tensor; counter: tf.Tensor; count: number }): number => {
    const to64 = [typed("T", TYPE.int32), typed("type", TYPE.uint64)];
    const [keyWords, counterWords, shape, algorithm] = backend.getInputTensorIds(
      [tf.reshape(key, [1, 2]), tf.reshape(counter, [2, 2]), tf.tensor1d([count], "int32"), tf.scalar(PHILOX, "int32")],
    ) as [number, number, number, number];
    return op("StatelessRandomUniformFullIntV2", [typed("dtype", TYPE.uint32), typed("Tshape", TYPE.int32)], [
      shape,
      op("Bitcast", to64, [keyWords]),
      op("Bitcast", to64, [counterWords]),
      algorithm,
    ]);
  };

  const maskOf = memoize((count: number, rate: number) => {
    const threshold = maskThreshold(rate);
    return jit((key, counter) => {
      if (threshold === 0) return [tf.ones([count], "bool")];
      const kept = below((op) => {
        const words = bits(op, { key: key!, counter: counter!, count: Math.ceil(count / 2) });
        const halfWords = op("Bitcast", [typed("T", TYPE.uint32), typed("type", TYPE.uint16)], [words]);
        // "Above the number before", for 65536 is none of them.
        const before = backend.getInputTensorIds([tf.scalar(threshold - 1, "int32")]);
        const limit = op("Cast", [typed("SrcT", TYPE.int32), typed("DstT", TYPE.uint16)], before);
        return op("Greater", [typed("T", TYPE.uint16)], [halfWords, limit]);
      });
      return [tf.slice1d(tf.reshape(kept, [-1]), 0, count)];
    }, { name: `mask ${count} ${rate}` });
  });

  const places = Array.from({ length: MASK_BLOCK }, (_, place) => 2 ** place);
  const laidOut = jit((bits) => {
    const each = [tf.reshape(bits!, [-1, 1]), tf.tensor2d([places], [1, MASK_BLOCK], "int32")];
    const alone = backend.executeSingleOutput("BitwiseAnd", [typed("T", TYPE.int32)], each);
    return [tf.notEqual(alone, 0)];
  }, { name: "bits", kernel: true });

  // Of many elements: by one kernel, and laid out by another, so that a block is not drawn for each of its elements.
  const largeMaskOf = memoize((count: number, rate: number) => {
    const drawn = jit((key, counter) => {
      const [first, second, , ...rest] = [...tf.split(key!, 2), ...tf.split(counter!, 4)];
      const blocks = tf.range(0, Math.ceil(count / MASK_BLOCK), 1, "int32");
      const words = backend.getInputTensorIds([first!, second!, blocks, ...rest]);
      const number = (value: number) => backend.getInputTensorIds([tf.scalar(value, "int32")])[0]!;
      return [below((op) => philoxMask(op, { words, number }, maskThreshold(rate)))];
    }, { name: `mask ${count} ${rate}`, kernel: true });
    return (key: tf.Tensor, counter: tf.Tensor) => {
      // Nothing of it has a gradient: what is recorded for one sees no op of it, and lets it be a kernel.
      const all = tf.customGrad(() => ({ value: laidOut(...drawn(key, counter))[0]!, gradFunc: () => [] }))();
      return [tf.slice1d(tf.reshape(all, [-1]), 0, count)];
    };
  });

  return {
    randomUniform: (key, shape, place = 0) =>
      tf.tidy(() => {
        const count = tf.util.sizeFromShape([...shape]);
        const high = below((op) => {
          const words = bits(op, { key: words32(key), counter: counterAt(place), count });
          const eight = op("Bitcast", [typed("T", TYPE.int32), typed("type", TYPE.uint32)], [
            backend.getInputTensorIds([tf.scalar(8, "int32")])[0]!,
          ]);
          const shifted = op("RightShift", [typed("T", TYPE.uint32)], [words, eight]);
          return op("Cast", [typed("SrcT", TYPE.uint32), typed("DstT", TYPE.float32)], [shifted]);
        });
        return tf.reshape(tf.mul(high, 2 ** -24), [...shape]);
      }),
    randomMask: (key, shape, rate, place = 0) =>
      tf.tidy(() => {
        const count = tf.util.sizeFromShape([...shape]);
        const [mask] = (count < KERNEL_SIZE ? maskOf : largeMaskOf)(count, rate)(words32(key), counterAt(place));
        return tf.reshape(mask!, [...shape]);
      }),
  };
}

const words32 = (key: Key): tf.Tensor =>
  key instanceof RandomKey ? tf.tensor1d(Int32Array.from(key.words), "int32") : key;

// The counter's upper half is the place, so that places never overlap; the lower half counts blocks.
const counterAt = (place: number): tf.Tensor => tf.tensor1d(Int32Array.of(0, 0, place, 0), "int32");
