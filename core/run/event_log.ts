/**
 * `events.jsonl`: a line an event, written as they come.
 *
 * @module
 */

/** A log that is only added to: what a run did again after it was taken up stands below. */
export class EventLog implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Begins the file anew, or goes on after its last whole line. */
  static async open(path: string, { append }: { append: boolean }): Promise<EventLog> {
    const file = await Deno.open(path, { read: true, write: true, create: true, truncate: !append });
    if (append) {
      const text = await Deno.readFile(path);
      const whole = text.lastIndexOf("\n".charCodeAt(0)) + 1;
      await file.truncate(whole);
      await file.seek(whole, Deno.SeekMode.Start);
    }
    return new EventLog(file);
  }

  write(event: object): void {
    const line = new TextEncoder().encode(JSON.stringify(event) + "\n");
    for (let at = 0; at < line.length;) at += this.#file.writeSync(line.subarray(at));
  }

  /** Puts all that was written on the disk. */
  sync(): void {
    this.#file.syncSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
