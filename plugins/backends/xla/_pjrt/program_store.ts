/**
 * Compiled programs kept on disk, for later processes and those beside this one.
 *
 * @module
 */
import { messageOf } from "@opf/framework";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { compileOptions } from "./compile_options.ts";
import type { Executable } from "./executable.ts";

const DIGEST_BYTES = 32;

/**
 * A folder of compiled programs. A file's name is a digest of all that decides what is compiled: the plugin, the kind of
 * device, the compile options and the program's text. Its first 32 bytes are a digest of that name and the rest; a damaged
 * file, or one under another's name, counts as absent and is written again.
 */
export class ProgramStore {
  readonly #folder: string;
  readonly #client: Client;
  readonly #prefix: string;
  readonly #note: (message: string) => void;
  #isWritable = true;

  /**
   * @param options `target`: what else the machine code depends on, the processor and flags; `note` receives one message if
   *   programs cannot be kept
   */
  constructor(folder: string, client: Client, { target = [], note = () => {} }: {
    readonly target?: readonly string[];
    readonly note?: (message: string) => void;
  } = {}) {
    this.#folder = folder;
    this.#note = note;
    this.#client = client;
    const { platform, platformVersion, devices, flags, pjrt: { version } } = client;
    this.#prefix = JSON.stringify([
      platform,
      platformVersion,
      version,
      devices[0]?.kind,
      [...compileOptions({ flags })],
      target,
    ]);
  }

  /** Loads a kept program; `undefined` if there is none that this plugin can load. */
  read(text: string): Executable | undefined {
    try {
      const name = this.#name(text), bytes = readFileSync(join(this.#folder, name));
      const body = new Uint8Array(bytes.subarray(DIGEST_BYTES));
      if (!digest(name, body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
      return this.#client.deserialize(body);
    } catch {
      return undefined; // absent, or of a plugin that changed without changing its version
    }
  }

  /** Keeps a program, where the plugin can serialize it and the folder can be written. */
  write(text: string, executable: Executable): void {
    if (!this.#isWritable) return;
    const name = this.#name(text), path = join(this.#folder, name);
    const temporary = `${path}.${Deno.pid}.tmp`;
    try {
      const body = executable.serialize();
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(temporary, Buffer.concat([digest(name, body), body]));
      renameSync(temporary, path); // at once, whoever reads beside
    } catch (error) {
      this.#isWritable = false; // compiling again costs time, not correctness
      remove(temporary);
      this.#note(
        `Compiled programs cannot be kept in ${this.#folder}, so each process compiles them: ${messageOf(error)}. ` +
          "Name another cache in OPF_CACHE.",
      );
    }
  }

  #name(text: string): string {
    return createHash("sha256").update(this.#prefix).update(text).digest("hex");
  }
}

const digest = (name: string, body: Uint8Array) => createHash("sha256").update(name).update(body).digest();

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch { /* the folder itself is none */ }
}
