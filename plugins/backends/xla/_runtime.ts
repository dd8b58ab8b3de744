/**
 * Where lazy values become arrays: programs are compiled, memoized by their text, and executed.
 *
 * @module
 */
import type { DeviceBuffer, Values } from "./_pjrt/buffer.ts";
import type { Client } from "./_pjrt/client.ts";
import type { Executable } from "./_pjrt/executable.ts";
import { withMemory } from "./_pjrt/memory_error.ts";
import { broadcastInDim } from "./_stablehlo/movement.ts";
import { LazyNode } from "./_stablehlo/node.ts";
import { programOf, statementsOf } from "./_stablehlo/program.ts";
import type { ProgramStore } from "./_pjrt/program_store.ts";

// Characters of the programs that are memoized; the least recently used go first. What is compiled of them takes on CPUs some two
// hundred times as much memory.
const MOST_TEXT = 2 ** 24;
// Arrays of equal elements are filled on the host up to so many, and by a program beyond: 4 MB take some milliseconds.
const LARGEST_FILL = 2 ** 20;

/** Compiles and runs programs, on the first device of a client or on several together. */
export class Runtime {
  readonly store: ProgramStore | undefined;
  /** What was compiled so far, or loaded from the store. */
  readonly compiled = { programs: 0, fromStore: 0, seconds: 0, textBytes: 0 };
  readonly #programs = new Map<string, Executable>();
  #memoizedText = 0;

  readonly #log: ((message: string) => void) | undefined;

  /** @param options `log`: receives a line for each program */
  constructor(readonly client: Client, { store, log }: {
    readonly store?: ProgramStore | undefined;
    readonly log?: ((message: string) => void) | undefined;
  } = {}) {
    this.store = store;
    this.#log = log;
  }

  /**
   * The program of a text, as the one used last: memoized, kept by an earlier process, or compiled now.
   *
   * @param options `name` of the function that it is, for the log
   */
  executable(text: string, options: { readonly name?: string; readonly devices?: number } = {}): Executable {
    const memoized = this.#programs.get(text);
    const executable = memoized ?? this.#load(text, options);
    this.#programs.delete(text);
    this.#programs.set(text, executable);
    if (!memoized) this.#memoizedText += text.length;
    for (const oldest of this.#programs.keys()) {
      if (this.#memoizedText <= MOST_TEXT || oldest === text) break;
      this.#programs.delete(oldest);
      this.#memoizedText -= oldest.length;
    }
    return executable;
  }

  #load(text: string, { name = "eager code", devices = 1 }: { readonly name?: string; readonly devices?: number }) {
    const started = performance.now();
    const kept = this.store?.read(text);
    const executable = kept ?? this.#guarded(() => this.client.compile(text, { replicas: devices }));
    if (kept) this.compiled.fromStore++;
    else this.store?.write(text, executable);
    const seconds = (performance.now() - started) / 1000;
    this.compiled.programs++;
    this.compiled.seconds += seconds;
    this.compiled.textBytes += text.length;
    this.#log?.(
      `XLA: ${kept ? "loaded" : "compiled"} "${name}", ${text.split("\n").length} lines, ${text.length} bytes, in ` +
        `${seconds.toFixed(3)} s.`,
    );
    return executable;
  }

  /**
   * Runs a program and returns its outputs.
   *
   * @param lists its arguments, one list for each device that runs it
   * @param keep arguments that are not given up
   */
  run(
    executable: Executable,
    lists: readonly (readonly DeviceBuffer[])[],
    keep: readonly number[] = [],
  ): DeviceBuffer[] {
    try {
      const [outputs, ...others] = executable.execute(lists, keep) as [DeviceBuffer[], ...DeviceBuffer[][]];
      return others.length === 0
        ? outputs
        : outputs.map((buffer, index) => buffer.withCopies(others.map((list) => list[index]!)));
    } catch (error) {
      throw this.#described(error);
    }
  }

  /** Copies values to a device, see {@linkcode Client.upload}. @throws {DeviceMemoryError} if it has no room */
  upload(...[values, array]: Parameters<Client["upload"]>): DeviceBuffer {
    return this.#guarded(() => this.client.upload(values, array));
  }

  /** The array of a value that is known, or that was computed. */
  bufferOf(node: LazyNode): DeviceBuffer {
    if (node.buffer) return node.buffer;
    if (node.isPending) this.evaluate([node]);
    if (!node.buffer && node.values) node.buffer = this.upload(node.values, node);
    if (!node.buffer) throw new Error("The tensor was donated to a compiled function, so its values are gone.");
    return node.buffer;
  }

  /** The array of a value on each of so many devices. */
  copiesOf(node: LazyNode, devices: number): DeviceBuffer[] {
    return this.bufferOf(node).onEach(this.client.devices.slice(0, devices).map(({ address }) => address));
  }

  /** The parts of a value along its first axis, one on each of so many devices; they belong to the caller. */
  partsOf(node: LazyNode, devices: number): DeviceBuffer[] {
    const { type, shape: [rows = 0, ...rest] } = node, shape = [rows / devices, ...rest];
    const size = node.size / devices;
    const values = this.read(node);
    return Array.from({ length: devices }, (_, device) => {
      const part = values.subarray(device * size, (device + 1) * size) as Values;
      return this.upload(part, { type, shape, device });
    });
  }

  /**
   * Computes values, all by one program, and with them what tensors have of the values on the way to them, and what shares
   * such values with them that no tensor has: nothing is computed twice. Small values with all elements alike need no program.
   */
  evaluate(nodes: readonly LazyNode[]): void {
    for (const node of nodes) if (node.isPending && node.splat !== undefined) this.#fill(node, node.splat);
    const needed = new Set(statementsOf(nodes).filter(({ splat }) => splat === undefined));
    if (needed.size === 0) return;
    const outputs = new Set(
      [...nodes, ...needed].filter((node) => node.isPending && (node.isHeld || nodes.includes(node))),
    );
    // What shares a value that no tensor has, so that it would be gone.
    const sharing = new Set([...needed].filter((node) => !outputs.has(node)));
    for (const shared of sharing) {
      for (const user of shared.users) {
        if (user.isTraced || needed.has(user)) continue;
        sharing.add(user);
        if (user.isHeld) outputs.add(user);
      }
    }
    const list = [...outputs].filter((node) => {
      if (node.size === 0) node.values = emptyValues(node);
      return node.size > 0;
    });
    if (list.length === 0) return;
    const { text, parameters } = programOf(list);
    const buffers = this.run(this.executable(text), [parameters.map((node) => this.bufferOf(node))]);
    list.forEach((node, index) => node.materialize(buffers[index]!));
  }

  #fill(node: LazyNode, value: number): void {
    if (node.size === 0) node.values = emptyValues(node);
    else if (node.size > LARGEST_FILL) node.materialize(this.#repeated(node, value));
    else node.materialize(this.upload(emptyValues(node).fill(value) as Values, node));
  }

  // An array of equal elements, made on the device.
  #repeated({ type, shape }: LazyNode, value: number): DeviceBuffer {
    const values = emptyValues({ type, size: 1 }).fill(value) as Values;
    const element = new LazyNode({ type, shape: [], values });
    const { text } = programOf([broadcastInDim(element, shape, [])]);
    const [array] = this.run(this.executable(text), [[this.bufferOf(element)]]);
    element.donate();
    return array!;
  }

  /** A copy of a value on the host. */
  read(node: LazyNode): Values {
    if (node.values) return node.values.slice() as Values;
    const values = emptyValues(node);
    if (node.splat !== undefined) return values.fill(node.splat) as Values;
    if (values.length === 0) return values;
    node.hold(); // until it is read, if no tensor has it
    try {
      this.bufferOf(node).copyTo(values);
    } catch (error) {
      throw this.#described(error);
    } finally {
      node.release();
    }
    return values;
  }

  /** The same, without blocking this thread while the device computes. */
  async readAsync(node: LazyNode): Promise<Values> {
    if (node.values || node.splat !== undefined || node.size === 0) return this.read(node);
    const values = emptyValues(node);
    const buffer = this.bufferOf(node);
    node.hold(); // until it is read, whatever becomes of the tensor
    try {
      await buffer.copyToAsync(values);
    } catch (error) {
      throw this.#described(error);
    } finally {
      node.release();
    }
    return values;
  }

  /** Computes a value, and resolves once that is done. */
  async ready(node: LazyNode): Promise<void> {
    if (node.values || node.splat !== undefined || node.size === 0) return;
    const buffer = this.bufferOf(node);
    node.hold();
    try {
      await buffer.ready();
    } catch (error) {
      throw this.#described(error);
    } finally {
      node.release();
    }
  }

  #guarded<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.#described(error);
    }
  }

  #described(error: unknown): unknown {
    return withMemory(error, () => this.client.memory());
  }
}

function emptyValues({ type, size }: Pick<LazyNode, "type" | "size">): Values {
  return type === "f32" ? new Float32Array(size) : type === "i32" ? new Int32Array(size) : new Uint8Array(size);
}
