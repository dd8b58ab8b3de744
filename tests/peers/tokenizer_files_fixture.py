"""Writes tests/fixtures/tokenizer_files.json: small repositories of tokenizers with the ids that Transformers gives them.

    python tests/peers/tokenizer_files_fixture.py --out tests/fixtures/tokenizer_files.json

What is compared is which files count, and which tokens are added to a vocabulary: vocab.txt, vocab.json and merges.txt,
tokenizer.json, tokenizer_config.json, special_tokens_map.json and added_tokens.json, for the classes of BERT, BART, MPNet
and T5; T5's Unigram on 200 lines. Needs transformers, tokenizers, sentencepiece and protobuf.
"""

import argparse
import json
import os
import random
import tempfile

import sentencepiece
import transformers
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, BertTokenizer, MPNetTokenizer, RobertaTokenizer, T5Tokenizer

from tokenizer_grid_fixture import charsmap
from tokenizer_fixture import ACCENTS, CJK, CONTROL, EMOJI, EMPTY, GROUPS, PLAIN, SPECIAL

transformers.logging.set_verbosity_error()
ADDED_LINE = "covid19 and [E1] he [/E1] said <e>  x <ent>COVID19 [MASK] a<mask> b <s>c</s> café CAFÉ"
TEXTS = [[line] for line in [ADDED_LINE, *PLAIN[:4], *SPECIAL[:3], ACCENTS[0], CJK[3], EMOJI[0], CONTROL[0], *EMPTY[:3]]]
PAIRS = [[ADDED_LINE, PLAIN[0]], [PLAIN[1], ADDED_LINE], ["", PLAIN[0]], ["a", ""]]
CHOSEN = [(texts, 64) for texts in TEXTS + PAIRS] + [(texts, length) for texts in PAIRS + TEXTS[:2] for length in [7, 12]]


def lines_of(tokenizer, chosen):
    for texts, length in chosen:
        made = tokenizer(*[[text] for text in texts], truncation="longest_first", max_length=length)
        ids = made["input_ids"][0]
        yield {"texts": texts, "maxLength": length, "ids": ids,
               "tokenTypeIds": made["token_type_ids"][0] if "token_type_ids" in made else [0] * len(ids)}


def case(name, model, files, chosen=CHOSEN):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {**files, "config.json": {"model_type": model}})
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert all(len(tokenizer) > id for _, id in tokenizer.get_vocab().items()), name
        return {"name": name, "model": model, "files": files, "padId": tokenizer.pad_token_id, "size": len(tokenizer),
                "lines": list(lines_of(tokenizer, chosen))}


def write(folder, files):
    for name, content in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))


def saved(tokenizer, *names):
    """What a tokenizer writes, as contents by name."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        files = {}
        for name in names or ["tokenizer.json", "tokenizer_config.json"]:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                files[name] = json.load(file)
        return files


def vocabulary(specials):
    letters = sorted({character for line in PLAIN[:4] + [ADDED_LINE.lower()] for character in line.lower()} - {" "})
    words = ["the", "and", "he", "said", "##s", "cat", "cafe", "covid", "##19", "e"]
    return specials + words + [word for letter in letters for word in (letter, "##" + letter)]


def bert_cases():
    plain = vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    plain = list(dict.fromkeys(plain))
    text = "".join(f"{token}\n" for token in plain)
    size = len(plain)
    other = list(dict.fromkeys(vocabulary(["<pad>", "<unk>", "<s>", "</s>", "<mask>"])))
    named = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    added = {"covid19": size, "[E1]": size + 1, "[/E1]": size + 2}
    token = lambda content, **more: {"content": content, "lstrip": False, "rstrip": False, "single_word": False,
                                     "normalized": False, "special": True, **more}
    decoder = {
        **{str(number): token(plain[number]) for number in range(5)},
        str(size): token("covid19", special=False, normalized=True),
        str(size + 1): token("[E1]", lstrip=True, rstrip=True),
        str(size + 2): token("<e>", single_word=True),
    }
    yield case("vocab.txt", "bert", {"vocab.txt": text})
    yield case("added_tokens.json", "bert", {"vocab.txt": text, "added_tokens.json": added})
    yield case("special_tokens_map.json", "bert", {
        "vocab.txt": "".join(f"{token}\n" for token in other), "special_tokens_map.json": named,
        "tokenizer_config.json": {"do_lower_case": True}})
    yield case("special tokens of the config", "bert", {
        "vocab.txt": "".join(f"{token}\n" for token in other), "tokenizer_config.json": named})
    yield case("special_tokens_map.json with objects", "bert", {
        "vocab.txt": text, "special_tokens_map.json": {
            "mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False,
                           "single_word": False}, "cls_token": "[CLS]"}})
    yield case("added_tokens.json, one of them special", "bert", {
        "vocab.txt": text, "added_tokens.json": added, "tokenizer_config.json": {"additional_special_tokens": ["[E1]"]}})
    yield case("added_tokens.json, one special by the map", "bert", {
        "vocab.txt": text, "added_tokens.json": added,
        "special_tokens_map.json": {"additional_special_tokens": ["[E1]"]}})
    yield case("additional_special_tokens of the map", "bert", {
        "vocab.txt": text, "special_tokens_map.json": {"additional_special_tokens": ["[E1]", "<ent>"]}})
    yield case("additional_special_tokens", "bert", {
        "vocab.txt": text, "tokenizer_config.json": {"additional_special_tokens": ["[E1]", "[/E1]", "covid19"]}})
    yield case("extra_special_tokens", "bert", {
        "vocab.txt": text, "tokenizer_config.json": {"extra_special_tokens": ["<e>", "[/E1]"]}})
    yield case("extra_special_tokens by name", "bert", {
        "vocab.txt": text, "tokenizer_config.json": {"extra_special_tokens": {"entity_token": "<ent>"}}})
    yield case("a token of its own", "bert", {"vocab.txt": text, "tokenizer_config.json": {"entity_token": "<ent>"}})
    yield case("added_tokens_decoder", "bert", {"vocab.txt": text, "tokenizer_config.json": {
        "added_tokens_decoder": decoder}})
    yield case("added_tokens_decoder makes the older files void", "bert", {
        "vocab.txt": text, "tokenizer_config.json": {"added_tokens_decoder": decoder}, "added_tokens.json": added,
        "special_tokens_map.json": {"cls_token": "[SEP]"}})
    yield case("truncation on the left", "bert", {"vocab.txt": text, "tokenizer_config.json": {"truncation_side": "left"}})
    yield case("no token types", "bert", {"vocab.txt": text, "tokenizer_config.json": {
        "model_input_names": ["input_ids", "attention_mask"]}})
    yield case("cased, with carriage returns", "bert", {
        "vocab.txt": text.replace("\n", "\r\n"), "tokenizer_config.json": {"do_lower_case": False}})

    vocab = {word: number for number, word in enumerate(plain)}
    whole = saved(BertTokenizer(vocab))
    yield case("tokenizer.json", "bert", whole)
    config = whole["tokenizer_config.json"]
    left = {"direction": "Left", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
    yield case("tokenizer.json that is cut on the left", "bert", {
        **whole, "tokenizer.json": {**whole["tokenizer.json"], "truncation": left}})
    yield case("tokenizer.json that is cut on the left, and a config that says right", "bert", {
        "tokenizer_config.json": {**config, "truncation_side": "right"},
        "tokenizer.json": {**whole["tokenizer.json"], "truncation": left}})
    yield case("tokenizer.json and new special tokens", "bert", {
        **whole, "tokenizer_config.json": {**config, "additional_special_tokens": ["<ent>", "[E1]"]}})
    yield case("tokenizer.json and added_tokens_decoder", "bert", {
        **whole, "tokenizer_config.json": {**config, "added_tokens_decoder": decoder}})
    yield case("tokenizer.json and added_tokens.json", "bert", {**whole, "added_tokens.json": added})
    generic = {**config, "tokenizer_class": "TokenizersBackend", "do_lower_case": False}
    yield case("tokenizer.json of no class", "bert", {**whole, "tokenizer_config.json": generic})

    mpnet = MPNetTokenizer({word: number for number, word in enumerate(dict.fromkeys(vocabulary(
        ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])))})
    yield case("MPNet's tokenizer.json", "mpnet", saved(mpnet))


def bart_cases():
    made = ByteLevelBPETokenizer()
    made.train_from_iterator([line for group in GROUPS for line in group] * 2, vocab_size=500, min_frequency=2,
                             special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    with tempfile.TemporaryDirectory() as folder:
        made.save_model(folder)
        with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as file:
            vocab = json.load(file)
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as file:
            merges = file.read()
    files = {"vocab.json": vocab, "merges.txt": merges}
    yield case("vocab.json and merges.txt", "bart", files)
    yield case("vocab.json and merges.txt with a space before", "bart", {
        **files, "tokenizer_config.json": {"add_prefix_space": True, "tokenizer_class": "RobertaTokenizer"}})
    yield case("vocab.json, merges.txt and a mask that strips", "bart", {
        **files, "special_tokens_map.json": {"mask_token": {
            "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": True, "single_word": False}}})
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {**files, "config.json": {"model_type": "bart"}})
        tokenizer = RobertaTokenizer.from_pretrained(folder)
    yield case("BART's tokenizer.json", "bart", saved(tokenizer))


def t5_cases():
    lines = [line for group in GROUPS for line in group]
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([line for line in (PLAIN + ACCENTS + CJK[:3]) * 4 if "\0" not in line]),
            model_prefix=os.path.join(folder, "spiece"), vocab_size=400, hard_vocab_limit=False, pad_id=0, eos_id=1,
            unk_id=2, bos_id=-1, minloglevel=2)
        tokenizer = T5Tokenizer.from_pretrained(folder, extra_ids=5)
    files = saved(tokenizer)
    draw = random.Random(2)
    chosen = [([line], 128) for line in lines] + [(texts, length) for texts, length in CHOSEN]
    while len(chosen) < 200:
        chosen.append(([draw.choice(lines) for _ in range(draw.choice([1, 2]))], draw.choice([128, 32, 9])))
    yield case("T5's tokenizer.json", "t5", files, chosen[:200])
    old = json.loads(json.dumps(files))
    old["tokenizer.json"]["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}]}
    old["tokenizer_config.json"] = {"tokenizer_class": "T5Tokenizer", "extra_ids": 5, "model_max_length": 512,
                                    "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
                                    "additional_special_tokens": [f"<extra_id_{number}>" for number in range(5)]}
    yield case("T5's tokenizer.json of old", "t5", old)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    cases = [*bert_cases(), *bart_cases(), *t5_cases()]
    text = "[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases) + "\n]\n"
    table = charsmap("nmt_nfkc")  # long, and in tokenizer_grid.json already
    assert text.count(table) == 2
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(text.replace(table, "@charsmap"))


if __name__ == "__main__":
    main()
