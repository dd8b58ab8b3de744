"""Texts of token ids, as the Rust library decodes them without special tokens.

    python decoder_fixture.py FILE
"""
import json
import random
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SPECIAL = ["<pad>", "</s>", "<unk>"]
PIECES = ["▁", "▁▁", "a", "▁a", "b▁c", "▁not", "_", "dup", "licate", "3", ".", "8", "é", "▁é", "👩"]


def main():
    random.seed(3)
    cases = []
    for scheme in ("always", "never"):
        tokenizer = Tokenizer(models.Unigram([(piece, -float(len(SPECIAL + PIECES) - at))
                                              for at, piece in enumerate(SPECIAL + PIECES)], 2, False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
        tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
        tokenizer.add_tokens([AddedToken("<plain>", special=False)])
        size = tokenizer.get_vocab_size()
        ids = [[random.randrange(size) for _ in range(random.randrange(9))] for _ in range(60)]
        cases.append({"scheme": scheme, "tokenizer": json.loads(tokenizer.to_str()),
                      "ids": ids, "texts": [tokenizer.decode(row, skip_special_tokens=True) for row in ids]})
    with open(sys.argv[1], "w") as file:
        json.dump(cases, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
