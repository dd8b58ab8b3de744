/**
 * Results read while the next ones are computed.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";

/** A tensor with values of this type. */
interface Readable<T> {
  array(): Promise<T>;
  dispose(): void;
}

/**
 * The values of tensors, in their order. On an asynchronous engine each is read after the next was started, so that the
 * device has work meanwhile. It takes over the tensors, also if the reader stops early.
 */
export async function* readBehind<T>(tensors: Iterable<Readable<T>>): AsyncGenerator<T, void, void> {
  const running: Readable<T>[] = [];
  const ahead = engine().ready ? 1 : 0;
  const readFirst = async () => {
    const values = await running[0]!.array();
    running.shift()!.dispose();
    return values;
  };
  try {
    for (const tensor of tensors) {
      running.push(tensor);
      if (running.length > ahead) yield await readFirst();
    }
    while (running.length > 0) yield await readFirst();
  } finally {
    for (const tensor of running) tensor.dispose();
  }
}
