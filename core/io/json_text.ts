/**
 * JSON texts that others wrote.
 *
 * @module
 */
import { messageOf } from "../errors.ts";

/** Objects and lists inside one another; tokenizers and configs need fewer than ten. */
const MAX_DEPTH = 100;

/**
 * The value of a JSON text. Parsers keep the last of equal keys and say nothing; here they are an error.
 *
 * @throws {Error} for a text that is not JSON, is nested too deeply, or has a key twice in one object
 */
export function parseJson(text: string): unknown {
  checkText(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`expected JSON: ${messageOf(error).replaceAll("\n", "\\n")}`);
  }
}

// One pass over the text, which may be no JSON. Parsers and printers recurse, hence the limit of the depth.
function checkText(text: string): void {
  const keys: (Set<string> | undefined)[] = []; // of each open object; none of a list
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(text, index);
      let next = end + 1;
      while (isSpace(text.charCodeAt(next))) next++;
      if (text.charCodeAt(next) === COLON) addKey(text.slice(index, end + 1), keys.at(-1));
      index = next - 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      keys.push(code === OPEN_BRACE ? new Set() : undefined);
      if (keys.length > MAX_DEPTH) throw new Error(`expected at most ${MAX_DEPTH} nested levels of JSON`);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) keys.pop();
  }
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

// The index of the quote that ends a string; that of the text's end where none does.
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index++;
  }
  return text.length;
}

function addKey(quoted: string, keys: Set<string> | undefined): void {
  if (!keys) return;
  const key = quoted.includes("\\") ? unescape(quoted) : quoted.slice(1, -1);
  if (keys.has(key)) throw new Error(`expected every key once, got ${JSON.stringify(key.slice(0, 80))} twice`);
  keys.add(key);
}

// A key that is not JSON stays as it is: the parser says so.
function unescape(quoted: string): string {
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted;
  }
}
