/**
 * What commands print: results on standard output, all else on standard error.
 *
 * @module
 */

/** Prints a text and the end of its line on standard output. */
export function print(text: string): void {
  write(Deno.stdout, text);
}

/** Prints a text and the end of its line on standard error. */
export function say(text: string): void {
  write(Deno.stderr, text);
}

function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text + "\n");
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}
