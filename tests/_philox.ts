/**
 * A second implementation of Philox 4x32-10, in big integers, as a reference for generators.
 *
 * @module
 */

const WORD = 2n ** 32n;

/** Ten rounds of Philox (Salmon et al. 2011, section 3.3) on a counter of four words. */
export function philox(key: readonly number[], counter: readonly number[]): number[] {
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const first = 0xD2511F53n * c0, second = 0xCD9E8D57n * c2;
    [c0, c1, c2, c3] = [(second / WORD) ^ c1 ^ k0, second % WORD, (first / WORD) ^ c3 ^ k1, first % WORD];
    [k0, k1] = [(k0 + 0x9E3779B9n) % WORD, (k1 + 0xBB67AE85n) % WORD];
  }
  return [c0, c1, c2, c3].map(Number);
}
