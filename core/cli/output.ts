/**
 * What commands print: results on standard output, everything else on standard error.
 *
 * @module
 */

/** Prints a line on standard output. */
export function print(text: string): void {
  write(Deno.stdout, text);
}

/** Prints a line on standard error. */
export function printError(text: string): void {
  write(Deno.stderr, text);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text + "\n");
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    // The reading program has ended, as `head` does; runs continue.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
