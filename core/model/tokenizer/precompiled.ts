/**
 * SentencePiece's table of characters and what they become, as `tokenizer.json` carries it.
 *
 * @module
 */

// A unit of the double array (Aoe 1989), as the library Darts-clone packs it in 32 bits.
const hasLeaf = (unit: number) => (unit >>> 8 & 1) === 1;
const valueOf = (unit: number) => unit & 0x7fffffff;
const labelOf = (unit: number) => unit & 0x800000ff;
const offsetOf = (unit: number) => unit >>> 10 << ((unit & 1 << 9) >>> 6);

const encoder = new TextEncoder();
const MAX_GRAPHEME_BYTES = 6;

/**
 * The normalizer of a table `precompiled_charsmap` (base64): a double array of the texts that are replaced, after its size
 * in bytes, then the replacements, each ended by a zero byte. Graphemes of fewer than six bytes are looked up whole, else
 * character by character.
 *
 * @throws {Error} for a table that is cut off or points outside itself
 */
export function precompiled(base64: string): (text: string) => string {
  const bytes = Uint8Array.fromBase64(base64);
  const view = new DataView(bytes.buffer);
  const size = bytes.length >= 4 ? view.getUint32(0, true) : -1;
  if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length) {
    throw new Error(`"precompiled_charsmap": expected a trie of a multiple of 4 bytes, got ${size} of ${bytes.length}`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
  const replacements = bytes.subarray(4 + size);
  const known = new Map<string, string | undefined>();
  const lookUp = (text: string): string | undefined => {
    if (known.has(text)) return known.get(text);
    const start = firstPrefix(units, encoder.encode(text));
    const end = start === undefined ? -1 : replacements.indexOf(0, start);
    const result = start === undefined ? undefined : new TextDecoder().decode(
      replacements.subarray(start, end < 0 ? replacements.length : end),
    );
    if (known.size < 100_000) known.set(text, result);
    return result;
  };
  const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
  return (text) => {
    let normalized = "";
    for (const { segment } of graphemes.segment(text)) {
      const whole = encoder.encode(segment).length < MAX_GRAPHEME_BYTES ? lookUp(segment) : undefined;
      normalized += whole ?? [...segment].map((character) => lookUp(character) ?? character).join("");
    }
    return normalized;
  };
}

// The value of the shortest key that the bytes begin with: the reference takes the first that it meets.
function firstPrefix(units: Uint32Array, bytes: Uint8Array): number | undefined {
  const unitAt = (position: number): number => {
    const unit = units[position];
    if (unit === undefined) throw new Error('"precompiled_charsmap": its trie points outside itself');
    return unit;
  };
  let position = offsetOf(unitAt(0));
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    position ^= byte;
    const unit = unitAt(position);
    if (labelOf(unit) !== byte) return undefined;
    position ^= offsetOf(unit);
    if (hasLeaf(unit)) return valueOf(unitAt(position));
  }
  return undefined;
}
