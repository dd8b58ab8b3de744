"""Writes tests/fixtures/tokenizer_grid.json: token ids of the Rust library for normalizers, pre-tokenizers, models, added
tokens, post-processors and truncation, each component by itself and in a grid, on 60 varied lines.

    python tests/peers/tokenizer_grid_fixture.py --out tests/fixtures/tokenizer_grid.json

Needs tokenizers and sentencepiece. Equal lists of ids are stored once; a case refers to them by number.
"""

import argparse
import base64
import io
import itertools
import json

import sentencepiece
import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from tokenizer_fixture import ACCENTS, CJK, CONTROL, EMOJI, GROUPS, LONG, OTHER_SCRIPTS, PLAIN, RIGHT_TO_LEFT, SPECIAL

MORE = [
    "he won ... really ?!  (yes), no--never; a.b.c",
    "  two  spaces\tand   three \u00a0 nbsp \u3000 wide  ",
    "Ο ΣΙΣΥΦΟΣ ΣΑΣ Σ ÀÉÎ İI ǅ ﬀ ẞ",
    "a1b22c333 ½ ² Ⅷ ٣٤ १२ ①② 3.14",
    "x_y__z don't I'll we've '' ``quoted'' \"double\"",
    "▁under ▁▁ _ ‿ ⁀ ﹍ low\u200dlines",
    "e\u0301a\u0300 o\u0308\u0304 \u0915\u094d\u0937 \u0e01\u0e33 \uac01 \u1100\u1161",
    "<b> a<b>c <e>  <E> x<e>y <b><b> covid19 COVID19 covid199",
    "\u0085next\u2028line\ufeffbom\u200bzero\u2060joiner",
    "～fullwidth〜tilde ＡＢＣ １２３ ﾊﾝｶｸ ｶﾞ",
]


def short(line, length=44):
    return line[:length]


LINES = [short(line) for line in (
    PLAIN[:7] + ACCENTS[:7] + CJK[:8] + EMOJI[:7] + CONTROL[:7] + RIGHT_TO_LEFT[:3] + OTHER_SCRIPTS[:5] + SPECIAL[:3]
    + ["", " ", "y" * 120]
)] + MORE
assert len(LINES) == 60, len(LINES)


def json_of(component):
    """A component as tokenizer.json has it."""
    return json.loads(component.__getstate__())


def charsmap(rule):
    """SentencePiece's table for one of its rules."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(PLAIN + CJK), model_writer=model, vocab_size=300, hard_vocab_limit=False,
        normalization_rule_name=rule, minloglevel=2)
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()


def normalizer_variants(table):
    bert = lambda **options: json_of(normalizers.BertNormalizer(**options))
    strip = lambda left, right: json_of(normalizers.Strip(left=left, right=right))
    regex = lambda pattern, content: json_of(normalizers.Replace(tokenizers.Regex(pattern), content))
    main = {
        "BertNormalizer": bert(),
        "Lowercase": json_of(normalizers.Lowercase()),
        "NFC": json_of(normalizers.NFC()),
        "NFD": json_of(normalizers.NFD()),
        "NFKC": json_of(normalizers.NFKC()),
        "NFKD": json_of(normalizers.NFKD()),
        "Strip": strip(True, True),
        "StripAccents": json_of(normalizers.StripAccents()),
        "Precompiled": table,
    }
    more = {
        "none": None,
        "BertNormalizer cased": bert(lowercase=False),
        "BertNormalizer accents stay": bert(strip_accents=False),
        "BertNormalizer cased, accents go": bert(lowercase=False, strip_accents=True),
        "BertNormalizer ideographs together": bert(handle_chinese_chars=False),
        "BertNormalizer unclean": bert(clean_text=False),
        "Strip left": strip(True, False),
        "Strip right": strip(False, True),
        "Prepend": json_of(normalizers.Prepend("▁")),
        "Replace string": json_of(normalizers.Replace(" ", "▁")),
        "Replace dollar": json_of(normalizers.Replace("a", "$&")),
        "Replace dot": json_of(normalizers.Replace(".", "!?")),
        "Replace spaces": regex(" {2,}", "▁"),
        "Replace white space": regex(r"\s+", " "),
        "NFD, StripAccents, Lowercase": {"type": "Sequence", "normalizers": [
            json_of(normalizers.NFD()), json_of(normalizers.StripAccents()), json_of(normalizers.Lowercase())]},
        "T5": {"type": "Sequence", "normalizers": [
            table, strip(False, True), regex(" {2,}", "▁")]},
        "empty sequence": {"type": "Sequence", "normalizers": []},
        "Nmt": json_of(normalizers.Nmt()),
        "ByteLevel": json_of(normalizers.ByteLevel()),
        "Replace word": regex(r"\w+", "w"),
    }
    return main, more


def pre_tokenizer_variants():
    P = pre_tokenizers
    split = lambda pattern, behavior, invert=False: json_of(P.Split(pattern, behavior, invert))
    main = {
        "BertPreTokenizer": json_of(P.BertPreTokenizer()),
        "Whitespace": json_of(P.Whitespace()),
        "WhitespaceSplit": json_of(P.WhitespaceSplit()),
        "Punctuation": json_of(P.Punctuation()),
        "ByteLevel": json_of(P.ByteLevel(add_prefix_space=False)),
        "Metaspace": json_of(P.Metaspace()),
    }
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    gpt2 = tokenizers.Regex(
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
    more = {
        "none": None,
        "Digits": json_of(P.Digits(individual_digits=False)),
        "Digits each": json_of(P.Digits(individual_digits=True)),
        "ByteLevel with space": json_of(P.ByteLevel(add_prefix_space=True)),
        "ByteLevel without words": json_of(P.ByteLevel(add_prefix_space=False, use_regex=False)),
        "Metaspace never": json_of(P.Metaspace(prepend_scheme="never")),
        "Metaspace whole": json_of(P.Metaspace(split=False)),
        "Metaspace underscore": json_of(P.Metaspace(replacement="_")),
        "Metaspace of old files": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
        "Metaspace of older files": {"type": "Metaspace", "replacement": "▁", "str_rep": "▁", "add_prefix_space": True},
        "Metaspace never, said twice": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never",
                                        "add_prefix_space": False},
        "Metaspace never, whatever else": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never",
                                           "add_prefix_space": True},
        "ByteLevel of old files": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
        "Metaspace first": json_of(P.Metaspace(prepend_scheme="first")),
        **{f"Punctuation {behavior}": json_of(P.Punctuation(behavior)) for behavior in behaviors},
        **{f"Split space {behavior}": split(" ", behavior) for behavior in behaviors},
        **{f"Split inverted {behavior}": split("a", behavior, True) for behavior in behaviors},
        **{f"Split white space {behavior}": split(tokenizers.Regex(r"\s+"), behavior) for behavior in behaviors},
        "Split words": split(gpt2, "isolated"),
        "Split words inverted": split(gpt2, "removed", True),
        "T5": {"type": "Sequence", "pretokenizers": [json_of(P.WhitespaceSplit()), json_of(P.Metaspace())]},
        "Llama 3": {"type": "Sequence", "pretokenizers": [
            split(gpt2, "isolated"), json_of(P.ByteLevel(add_prefix_space=False, use_regex=False))]},
        "Whitespace, Punctuation, Digits": {"type": "Sequence", "pretokenizers": [
            json_of(P.WhitespaceSplit()), json_of(P.Punctuation()), json_of(P.Digits(individual_digits=True))]},
        "UnicodeScripts": json_of(P.UnicodeScripts()),
        "CharDelimiterSplit": json_of(P.CharDelimiterSplit("a")),
        "FixedLength": json_of(P.FixedLength(3)),
        "Split word": split(tokenizers.Regex(r"\w+"), "isolated"),
    }
    return main, more


def token(content, **options):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": False, **options}


# On the vocabulary's end: each gets the next id.
ADDED = {
    "plain": [token("<b>"), token("covid19")],
    "normalized": [token("<E>", normalized=True), token("COVID19", normalized=True)],
    "single word": [token("<b>", single_word=True), token("covid19", single_word=True)],
    "strip left": [token("<b>", lstrip=True), token("<e>", lstrip=True)],
    "strip right": [token("<b>", rstrip=True), token("<e>", rstrip=True)],
    "strip both, normalized": [token("<b>", lstrip=True, rstrip=True, normalized=True)],
    "overlapping": [token("<b"), token("<b>"), token("b> a"), token("covid"), token("covid19")],
    "special, of the vocabulary": [token("a", special=True), token("[MASK]", special=True, lstrip=True)],
    "spaces": [token("  "), token(" a"), token("▁")],
    "both kinds": [token("<b>"), token("<E>", normalized=True, single_word=True), token("covid19", normalized=True)],
    "accented": [token("é", normalized=True), token("ÀÉ", normalized=True), token("ΣΑΣ", normalized=True)],
}


def part(special=None, sequence=None, type_id=0):
    return ({"SpecialToken": {"id": special, "type_id": type_id}} if special
            else {"Sequence": {"id": sequence, "type_id": type_id}})


def post_processors(vocabulary):
    special = {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in ["[CLS]", "[SEP]"]}
    twice = {**special, "[SEP]": {"id": "[SEP]", "ids": [vocabulary["[SEP]"], vocabulary["[MASK]"]],
                                  "tokens": ["[SEP]", "[MASK]"]}}
    pair = lambda name: [name, vocabulary[name]]
    template = lambda single, double, tokens=special: {
        "type": "TemplateProcessing", "single": single, "pair": double, "special_tokens": tokens}
    bert = template(
        [part("[CLS]"), part(sequence="A"), part("[SEP]")],
        [part("[CLS]"), part(sequence="A"), part("[SEP]"), part(sequence="B", type_id=1), part("[SEP]", type_id=1)])
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    roberta = {"type": "RobertaProcessing", "sep": pair("[SEP]"), "cls": pair("[CLS]"), "trim_offsets": True,
               "add_prefix_space": False}
    return {
        "none": None,
        "BERT's template": bert,
        "T5's template": template(
            [part(sequence="A"), part("[SEP]")],
            [part(sequence="A"), part("[SEP]"), part(sequence="B"), part("[SEP]")]),
        "second first": template(
            [part(sequence="A", type_id=2)], [part(sequence="B", type_id=1), part("[CLS]"), part(sequence="A")]),
        "two ids": template(
            [part(sequence="A"), part("[SEP]")], [part(sequence="A"), part("[SEP]"), part(sequence="B")], twice),
        "BertProcessing": {"type": "BertProcessing", "sep": pair("[SEP]"), "cls": pair("[CLS]")},
        "RobertaProcessing": roberta,
        "ByteLevel": byte_level,
        "Sequence": {"type": "Sequence", "processors": [byte_level, bert]},
        "Sequence of Roberta": {"type": "Sequence", "processors": [byte_level, roberta]},
    }


def model_variants():
    """Trained on the lines themselves; the models of tokenizer.json."""
    corpus = [line for group in GROUPS for line in group] * 3 + LINES
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    specials = ["<unk>", "<pad>"]

    def trained(model, trainer, pre_tokenizer, corpus=corpus):
        tokenizer = Tokenizer(model)
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.train_from_iterator(corpus, trainer)
        return json.loads(tokenizer.to_str()), json_of(pre_tokenizer)

    white = pre_tokenizers.WhitespaceSplit()
    metaspace = pre_tokenizers.Metaspace()
    bpe, _ = trained(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=500, special_tokens=specials, limit_alphabet=60, show_progress=False), white)
    suffix, _ = trained(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=500, special_tokens=specials, limit_alphabet=60, end_of_word_suffix="</w>", show_progress=False), white)
    prefix, _ = trained(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=500, special_tokens=specials, limit_alphabet=60, continuing_subword_prefix="##",
        show_progress=False), white)
    bytes_, _ = trained(models.BPE(), trainers.BpeTrainer(
        vocab_size=600, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False), byte_level)
    pieces, _ = trained(models.WordPiece(unk_token="<unk>"), trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=specials, limit_alphabet=80, show_progress=False), white)
    words, _ = trained(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(
        vocab_size=200, special_tokens=specials, show_progress=False), white)
    unigram, _ = trained(models.Unigram(), trainers.UnigramTrainer(
        vocab_size=300, special_tokens=specials, unk_token="<unk>", show_progress=False), metaspace, PLAIN * 3)

    fallback = json.loads(json.dumps(bpe))
    vocabulary = fallback["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    fallback["model"]["byte_fallback"] = True
    old = json.loads(json.dumps(bytes_))
    old["model"]["merges"] = [" ".join(merge) for merge in old["model"]["merges"]]
    changed = lambda tokenizer, **options: {**tokenizer, "model": {**tokenizer["model"], **options}}
    without_type = json.loads(json.dumps(pieces))
    del without_type["model"]["type"]
    return {
        "WordPiece": pieces,
        "WordPiece of short words": changed(pieces, max_input_chars_per_word=5),
        "WordPiece without a type": without_type,
        "BPE": bpe,
        "BPE, unknown joined": changed(bpe, fuse_unk=True),
        "BPE, whole words first": changed(bpe, ignore_merges=True),
        "BPE without an unknown token": changed(bpe, unk_token=None),
        "BPE with dropout": changed(bpe, dropout=0.5),
        "BPE with a prefix": prefix,
        "BPE with a suffix": suffix,
        "BPE of bytes for the unknown": fallback,
        "byte-level BPE": bytes_,
        "byte-level BPE with old merges": old,
        "WordLevel": words,
        "Unigram": unigram,
        "Unigram of bytes for the unknown": changed(unigram, byte_fallback=True),
    }


class Rows:
    """Equal rows once."""

    def __init__(self):
        self.rows, self.numbers = [], {}

    def number(self, row):
        key = json.dumps(row)
        if key not in self.numbers:
            self.numbers[key] = len(self.rows)
            self.rows.append(row)
        return self.numbers[key]


def alphabet(variants):
    """Every character that a normalizer makes of the lines, and those that stand for bytes."""
    found = set(pre_tokenizers.ByteLevel.alphabet()) | set("▁_")
    for variant in variants.values():
        if variant is None:
            continue
        tokenizer = Tokenizer.from_str(json.dumps({**EMPTY, "normalizer": variant}))
        for line in LINES:
            found.update(tokenizer.normalizer.normalize_str(line))
    return sorted(found | set("".join(LINES)))


EMPTY = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
         "pre_tokenizer": None, "post_processor": None, "decoder": None,
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0}}}


def build():
    table = {"type": "Precompiled", "precompiled_charsmap": charsmap("nmt_nfkc")}
    main_normalizers, more_normalizers = normalizer_variants(table)
    main_splits, more_splits = pre_tokenizer_variants()
    every = {**main_normalizers, **more_normalizers}
    characters = alphabet(every)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "##er", "and"]
    tokens = list(dict.fromkeys(words + characters + ["##" + character for character in characters]))
    vocabulary = {word: number for number, word in enumerate(tokens)}
    base = {**EMPTY, "model": {**EMPTY["model"], "vocab": vocabulary}}
    rows = Rows()
    cases = []

    def add(group, name, change, texts=None, **options):
        tokenizer = Tokenizer.from_str(json.dumps({**base, **change}))
        tokenizer.no_truncation()
        if "maxLength" in options:
            tokenizer.enable_truncation(options["maxLength"], direction=options.get("side", "right"))
        numbers = []
        for text in texts or [[line] for line in LINES]:
            encoding = tokenizer.encode(*text)
            row = encoding.ids if len(text) == 1 else [encoding.ids, encoding.type_ids]
            numbers.append(rows.number(row))
        cases.append({"group": group, "name": name, "change": change, **options, "rows": numbers,
                      **({"pairs": True} if texts else {})})

    for (normal, normalizer), (split, pre_tokenizer) in itertools.product(main_normalizers.items(), main_splits.items()):
        add("grid", f"{normal} × {split}", {"normalizer": normalizer, "pre_tokenizer": pre_tokenizer})
    for name, normalizer in more_normalizers.items():
        for split in ["BertPreTokenizer", "Metaspace"]:
            add("normalizer", f"{name} × {split}", {"normalizer": normalizer, "pre_tokenizer": main_splits[split]})
    for name, pre_tokenizer in more_splits.items():
        for normal in [None, "NFKC"]:
            add("pre-tokenizer", f"{normal} × {name}",
                {"normalizer": main_normalizers.get(normal), "pre_tokenizer": pre_tokenizer})
    for name, added in ADDED.items():
        fresh = itertools.count(len(vocabulary))
        numbered = [{"id": vocabulary[t["content"]] if t["content"] in vocabulary else next(fresh), **t} for t in added]
        for normal, split in [("BertNormalizer", "BertPreTokenizer"), ("NFKC", "Metaspace"), ("Strip", "ByteLevel")]:
            add("added tokens", f"{name} × {normal} × {split}",
                {"added_tokens": numbered, "normalizer": main_normalizers[normal], "pre_tokenizer": main_splits[split]})
    pairs = [[first, second] for first, second in zip(LINES[:20], LINES[30:50])] + [["", ""], ["", "a"], ["a", ""]]
    split = {"normalizer": main_normalizers["BertNormalizer"], "pre_tokenizer": main_splits["BertPreTokenizer"]}
    for name, processor in post_processors(vocabulary).items():
        add("post-processor", f"{name}, one text", {**split, "post_processor": processor})
        add("post-processor", f"{name}, pairs", {**split, "post_processor": processor}, pairs)
        for side in ["left", "right"]:
            for length in [6, 13]:
                options = {"maxLength": length, "side": side}
                add("truncation", f"{name}, one text, {side} at {length}", {**split, "post_processor": processor}, **options)
                add("truncation", f"{name}, pairs, {side} at {length}", {**split, "post_processor": processor}, pairs, **options)
    for name, model in model_variants().items():
        add("model", name, {"model": model["model"], "pre_tokenizer": model["pre_tokenizer"],
                            "added_tokens": model["added_tokens"]})
    return {"tokenizers": tokenizers.__version__, "lines": LINES, "pairs": pairs, "tokens": tokens,
            "base": {**base, "model": {**base["model"], "vocab": None}}, "tables": {"charsmap": table},
            "rows": rows.rows, "cases": cases}, table


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    fixture, table = build()
    # The table is long: stored once.
    text = json.dumps(fixture["cases"], ensure_ascii=True, separators=(",", ":"))
    text = text.replace(json.dumps(table, separators=(",", ":")), '"@charsmap"')
    cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in json.loads(text))
    head = {key: value for key, value in fixture.items() if key != "cases"}
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(json.dumps(head, separators=(",", ":"))[:-1] + ',"cases":[\n' + cases + "\n]}\n")


if __name__ == "__main__":
    main()
