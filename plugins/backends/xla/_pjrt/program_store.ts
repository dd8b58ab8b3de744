/**
 * Compiled programs kept on disk, for later processes and those beside this one.
 *
 * @module
 */
import { messageOf, removeOldest } from "@opf/framework";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { compileOptions } from "./compile_options.ts";
import type { Executable } from "./executable.ts";

const DIGEST_BYTES = 32;
const MAX_BYTES = 4e9; // a training step takes some megabytes, most programs 100 kB

/**
 * A folder of compiled programs. A file's name is a digest of all that decides what is compiled: the plugin, the kind of
 * device, the compile options and the program's text. Its first 32 bytes are a digest of that name and the rest; a damaged
 * file, or one under another's name, counts as absent and is written again. Beyond a limit, the files that were not used for
 * longest are removed.
 */
export class ProgramStore {
  readonly #folder: string;
  readonly #client: Client;
  readonly #prefix: string;
  readonly #note: (message: string) => void;
  readonly #maxBytes: number;
  // Since the size of the folder was last looked at.
  #bytesWritten = Infinity;
  #isWritable = true;

  /**
   * @param options `target`: what else the machine code depends on, the processor and flags; `maxBytes`: the limit of the
   *   folder, which may be exceeded by a sixteenth (default: 4 GB); `note` receives one message if programs cannot be kept
   */
  constructor(folder: string, client: Client, { target = [], maxBytes = MAX_BYTES, note = () => {} }: {
    readonly target?: readonly string[];
    readonly maxBytes?: number;
    readonly note?: (message: string) => void;
  } = {}) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
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
      const name = this.#name(text), path = join(this.#folder, name), bytes = readFileSync(path);
      const body = new Uint8Array(bytes.subarray(DIGEST_BYTES));
      if (!digest(name, body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
      markAsUsed(path);
      return this.#client.deserialize(body);
    } catch {
      return undefined; // absent, or of a plugin that changed without changing its version
    }
  }

  /** Keeps a program, where the plugin can serialize it and the folder can be written. */
  write(text: string, executable: Executable): void {
    if (!this.#isWritable) return;
    const name = this.#name(text), path = join(this.#folder, name);
    // Machines and containers that share the folder have processes of one id.
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      const body = executable.serialize();
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(temporary, Buffer.concat([digest(name, body), body]));
      renameSync(temporary, path); // at once, whoever reads beside
      this.#bytesWritten += DIGEST_BYTES + body.length;
      if (this.#bytesWritten <= this.#maxBytes / 16) return;
      removeOldest(this.#folder, { maxBytes: this.#maxBytes, keep: name });
      this.#bytesWritten = 0;
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

function markAsUsed(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch { /* on a read-only disk nothing is removed either */ }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch { /* the folder itself is none */ }
}
