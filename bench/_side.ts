/**
 * One side of a row in a process of its own: it prepares once, then measures whenever it is told to.
 *
 * @module
 */
import { processEnvironment } from "@opf/framework";
import { tensorflow } from "@opf/framework/plugins";
import { TextLineStream } from "../core/execution/text_lines.ts";
import type { Measurement } from "./_work.ts";

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** A started side. */
export class Side {
  readonly #process: Deno.ChildProcess;
  readonly #said: ReadableStreamDefaultReader<string>;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;

  private constructor([program, ...args]: CommandLine) {
    // As runs are started; the peer is given it too, which gains by it where batches are small.
    const env = processEnvironment(tensorflow);
    this.#process = new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" })
      .spawn();
    this.#said = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    this.#orders = this.#process.stdin.getWriter();
  }

  /** Starts a side and waits until it is ready to measure. */
  static async start(command: CommandLine): Promise<Side> {
    const side = new Side(command);
    await side.#line();
    return side;
  }

  async measure(): Promise<Measurement> {
    await this.#orders.write(new TextEncoder().encode("measure\n"));
    return JSON.parse(await this.#line()) as Measurement;
  }

  /** Ends the process; it has nothing more to do when its input ends. */
  async stop(): Promise<void> {
    await this.#orders.close().catch(() => {}); // it ended by itself
    await this.#process.status;
  }

  async #line(): Promise<string> {
    const { value } = await this.#said.read();
    if (value !== undefined) return value;
    const { code } = await this.#process.status;
    throw new Error(`One side of the measurement ended by itself with exit code ${code}.`);
  }
}
