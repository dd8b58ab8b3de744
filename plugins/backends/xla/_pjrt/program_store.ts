/**
 * Compiled programs kept on disk, for later processes and those beside this one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { compileOptions } from "./compile_options.ts";
import type { Executable } from "./executable.ts";

const DIGEST_BYTES = 32;

/**
 * A folder of compiled programs. A file's name is a digest of all that decides what is compiled: the plugin, the kind of
 * device, the compile options and the program's text. Its first 32 bytes are a digest of the rest; a damaged file counts
 * as absent and is written again.
 */
export class ProgramStore {
  readonly #folder: string;
  readonly #client: Client;
  readonly #prefix: string;
  #isWritable = true;

  /** @param target what else the machine code depends on: the processor, flags */
  constructor(folder: string, client: Client, target: readonly string[] = []) {
    this.#folder = folder;
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
      const bytes = readFileSync(this.#path(text));
      const body = new Uint8Array(bytes.subarray(DIGEST_BYTES));
      if (!digest(body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
      return this.#client.deserialize(body);
    } catch {
      return undefined; // absent, or of a plugin that changed without changing its version
    }
  }

  /** Keeps a program, where the plugin can serialize it and the folder can be written. */
  write(text: string, executable: Executable): void {
    if (!this.#isWritable) return;
    const path = this.#path(text);
    const temporary = `${path}.${Deno.pid}.tmp`;
    try {
      const body = executable.serialize();
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(temporary, Buffer.concat([digest(body), body]));
      renameSync(temporary, path); // at once, whoever reads beside
    } catch {
      this.#isWritable = false; // compiling again costs time, not correctness
      remove(temporary);
    }
  }

  #path(text: string): string {
    return join(this.#folder, createHash("sha256").update(this.#prefix).update(text).digest("hex"));
  }
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch { /* the folder itself is none */ }
}
