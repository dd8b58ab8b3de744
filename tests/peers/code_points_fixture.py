"""Writes tests/fixtures/code_points.json: what the Rust library makes of the code points of Unicode 7.0.

    python tests/peers/code_points_fixture.py --out tests/fixtures/code_points.json

Needs `tokenizers`, and Perl, which knows the age of a character. Unicode 7.0 is of 2014: some tables of the library are not
much younger. Of ideographs and Hangul syllables every eighth code point is taken, of private use every 64th.
"""

import argparse
import hashlib
import json
import subprocess

import tokenizers
from tokenizers import Tokenizer, pre_tokenizers

from tokenizer_grid_fixture import EMPTY, charsmap, normalizer_variants, pre_tokenizer_variants

PRESENT = r"for (0 .. 0x10FFFF) { print qq{$_\n} if ($_ < 0xD800 || $_ > 0xDFFF) && chr($_) =~ /\p{Present_In: 7.0}/ }"
STEPS = [(0x3400, 0x9FFF, 8), (0xAC00, 0xD7A3, 8), (0x20000, 0x2FFFF, 8), (0xE000, 0xF8FF, 64), (0xF0000, 0x10FFFF, 64)]
BLOCK = 256

NORMALIZERS = ["BertNormalizer", "BertNormalizer cased", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "StripAccents",
               "NFD, StripAccents, Lowercase", "Strip"]
PRE_TOKENIZERS = ["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits", "ByteLevel", "Metaspace",
                  "Split words"]


def code_points():
    present = map(int, subprocess.run(["perl", "-e", PRESENT], capture_output=True, check=True).stdout.split())
    step = lambda point: next((step for start, end, step in STEPS if start <= point <= end), 1)
    return [point for point in present if point % step(point) == 0]


def ranges_of(points):
    """As [first, last, step]."""
    ranges = []
    for point in points:
        last = ranges[-1] if ranges else None
        if last and last[0] == last[1] and point - last[1] in (1, 8, 64):
            last[1:] = [point, point - last[1]]
        elif last and last[0] != last[1] and point - last[1] == last[2]:
            last[1] = point
        else:
            ranges.append([point, point, 1])
    return ranges


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    table = {"type": "Precompiled", "precompiled_charsmap": charsmap("nmt_nfkc")}
    normalizers = {name: value for part in normalizer_variants(table) for name, value in part.items()}
    splits = {name: value for part in pre_tokenizer_variants() for name, value in part.items()}
    points = code_points()
    # Each byte is a token, and a space begins each part.
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}
    vocab = {character: index for index, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": vocab, "merges": []}
    base = {**EMPTY, "model": model}
    cases = []
    chosen = [(name, normalizers[name], None) for name in NORMALIZERS] + [(name, None, splits[name]) for name in PRE_TOKENIZERS]
    for name, normalizer, split in chosen:
        parts = [split, byte_level] if split else [byte_level]
        change = {"normalizer": normalizer, "pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}}
        tokenizer = Tokenizer.from_str(json.dumps({**base, **change}))
        digests = []
        for start in range(0, len(points), BLOCK):
            text = " ".join(f"a{chr(point)}b" for point in points[start:start + BLOCK])
            ids = ",".join(map(str, tokenizer.encode(text).ids))
            digests.append(hashlib.sha256(ids.encode()).hexdigest()[:8])
        cases.append({"name": name, "change": change, "digests": "".join(digests)})
    fixture = {"tokenizers": tokenizers.__version__, "block": BLOCK, "ranges": ranges_of(points), "base": base, "cases": cases}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(fixture, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
