/**
 * One side of a row: a process that prepares once and then measures on request.
 *
 * @module
 */
import { processEnvironment } from "@opf/framework";
import { tensorflow } from "@opf/framework/plugins";
import { TextLineStream } from "../core/io/text_lines.ts";
import type { Measurement } from "./_work.ts";

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** A started side. */
export class Side {
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor([program, ...args]: CommandLine) {
    // As for runs. The peer gets it too: it is faster with it for small batches.
    const env = processEnvironment(tensorflow);
    this.#process = new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "inherit" })
      .spawn();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    this.#input = this.#process.stdin.getWriter();
  }

  /** Starts a side and waits until it is ready. */
  static async start(command: CommandLine): Promise<Side> {
    const side = new Side(command);
    await side.#line();
    return side;
  }

  async measure(): Promise<Measurement> {
    await this.#input.write(new TextEncoder().encode("measure\n"));
    return JSON.parse(await this.#line()) as Measurement;
  }

  /** Ends the process by closing its input. */
  async stop(): Promise<void> {
    await this.#input.close().catch(() => {}); // it has ended already
    await this.#process.status;
  }

  async #line(): Promise<string> {
    const { value } = await this.#output.read();
    if (value !== undefined) return value;
    const { code } = await this.#process.status;
    throw new Error(`One side of the measurement ended early with exit code ${code}.`);
  }
}
