/**
 * Stateless random numbers: bits of Philox from TensorFlow's own op, turned into uniform numbers and dropout masks.
 *
 * @module
 */
import { type Engine, KERNEL_SIZE, type Key, maskThreshold, memoize, RandomKey, tf } from "@opf/framework";
import { typed } from "../_c_api/attributes.ts";
import { TYPE } from "../_c_api/ffi.ts";
import type { Metadata } from "../_eager.ts";
import type { Compiler } from "../_jit.ts";
import { MASK_BLOCK, type Op, philoxMask } from "./philox.ts";
import type { KernelBackend } from "./register.ts";

const PHILOX = 1; // tensorflow::Algorithm::RNG_ALG_PHILOX

/** The random part of the engine. */
export function randomNumbers(
  backend: KernelBackend,
  compiler: Compiler,
): Pick<Engine, "randomUniform" | "randomMask"> {
  const { target } = compiler;
  const idOf = (tensor: tf.Tensor): number => backend.getInputTensorIds([tensor])[0]!;

  // TensorFlow.js has no unsigned types, so these ops bypass it; their intermediate tensors are deleted here.
  const withOps = (compute: (op: Op) => number): tf.Tensor => {
    const created: Metadata[] = [];
    const result = compute((name, attributes, inputs) => {
      const [output] = target.executeOp(name, attributes, inputs, 1);
      created.push(output!);
      return output!.id;
    });
    for (const { id } of created) if (id !== result) target.deleteTensor(id);
    return backend.createOutputTensor(created.find(({ id }) => id === result)!);
  };

  // 32-bit words, as uint32.
  const bits = (op: Op, { key, counter, count }: { key: tf.Tensor; counter: tf.Tensor; count: number }): number => {
    const to64 = [typed("T", TYPE.int32), typed("type", TYPE.uint64)];
    return op("StatelessRandomUniformFullIntV2", [typed("dtype", TYPE.uint32), typed("Tshape", TYPE.int32)], [
      idOf(tf.tensor1d([count], "int32")),
      op("Bitcast", to64, [idOf(tf.reshape(key, [1, 2]))]),
      op("Bitcast", to64, [idOf(tf.reshape(counter, [2, 2]))]),
      idOf(tf.scalar(PHILOX, "int32")),
    ]);
  };

  const smallMask = memoize((count: number, rate: number) => {
    const threshold = maskThreshold(rate);
    return compiler.jit((key, counter) => {
      if (threshold === 0) return [tf.ones([count], "bool")];
      const mask = withOps((op) => {
        const words = bits(op, { key: key!, counter: counter!, count: Math.ceil(count / 2) });
        const halves = op("Bitcast", [typed("T", TYPE.uint32), typed("type", TYPE.uint16)], [words]);
        // Greater than threshold − 1, because a threshold of 65536 has no 16 bits.
        const limit = idOf(tf.scalar(threshold - 1, "int32"));
        const limit16 = op("Cast", [typed("SrcT", TYPE.int32), typed("DstT", TYPE.uint16)], [limit]);
        return op("Greater", [typed("T", TYPE.uint16)], [halves, limit16]);
      });
      return [tf.slice1d(tf.reshape(mask, [-1]), 0, count)];
    }, { name: `mask ${count} ${rate}`, kernel: false });
  });

  const bitValues = Array.from({ length: MASK_BLOCK }, (_, bit) => 2 ** bit);
  const unpackBits = compiler.jit((blocks) => {
    const operands = [tf.reshape(blocks!, [-1, 1]), tf.tensor2d([bitValues], [1, MASK_BLOCK], "int32")];
    const single = backend.executeSingleOutput("BitwiseAnd", [typed("T", TYPE.int32)], operands);
    return [tf.notEqual(single, 0)];
  }, { name: "unpack bits", kernel: true });

  // One kernel draws blocks of bits and another unpacks them, so that a block is not drawn again for each of its elements.
  const largeMask = memoize((count: number, rate: number) => {
    const draw = compiler.jit((key, counter) => {
      const [first, second, , ...rest] = [...tf.split(key!, 2), ...tf.split(counter!, 4)];
      const blocks = tf.range(0, Math.ceil(count / MASK_BLOCK), 1, "int32");
      const words = backend.getInputTensorIds([first!, second!, blocks, ...rest]);
      const constant = (value: number) => idOf(tf.scalar(value, "int32"));
      return [withOps((op) => philoxMask(op, { words, constant }, maskThreshold(rate)))];
    }, { name: `mask ${count} ${rate}`, kernel: true });
    return (key: tf.Tensor, counter: tf.Tensor) => {
      // A mask has no gradient: hidden from the tape, it can be compiled even while a gradient is recorded.
      const mask = tf.customGrad(() => ({ value: unpackBits(...draw(key, counter))[0]!, gradFunc: () => [] }))();
      return [tf.slice1d(tf.reshape(mask, [-1]), 0, count)];
    };
  });

  return {
    randomUniform: (key, shape, { counter = 0 } = {}) =>
      tf.tidy(() => {
        const count = tf.util.sizeFromShape([...shape]);
        const upper24 = withOps((op) => {
          const words = bits(op, { key: keyTensor(key), counter: counterTensor(counter), count });
          const eight = op("Bitcast", [typed("T", TYPE.int32), typed("type", TYPE.uint32)], [
            idOf(tf.scalar(8, "int32")),
          ]);
          const shifted = op("RightShift", [typed("T", TYPE.uint32)], [words, eight]);
          return op("Cast", [typed("SrcT", TYPE.uint32), typed("DstT", TYPE.float32)], [shifted]);
        });
        return tf.reshape(tf.mul(upper24, 2 ** -24), [...shape]);
      }),
    randomMask: (key, shape, { rate, counter = 0 }) =>
      tf.tidy(() => {
        const count = tf.util.sizeFromShape([...shape]);
        const draw = (count < KERNEL_SIZE ? smallMask : largeMask)(count, rate);
        return tf.reshape(draw(keyTensor(key), counterTensor(counter))[0]!, [...shape]);
      }),
  };
}

const keyTensor = (key: Key): tf.Tensor =>
  key instanceof RandomKey ? tf.tensor1d(Int32Array.from(key.words), "int32") : key;

// The lower half of Philox's counter counts blocks and the upper half is ours, so that draws never overlap.
const counterTensor = (counter: number): tf.Tensor => tf.tensor1d(Int32Array.of(0, 0, counter, 0), "int32");
