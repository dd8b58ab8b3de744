"""Writes tests/fixtures/tokenizer.json: 200 lines and pairs with the ids and segments that Transformers gives them.

    python tests/peers/tokenizer_fixture.py --model FOLDER --out tests/fixtures/tokenizer.json
    python tests/peers/tokenizer_fixture.py --model FOLDER --out tests/fixtures/vocabulary.json --vocabulary

The second writes the same for its vocabulary alone, a vocab.txt, with several tokenizer_config.json beside it.

FOLDER holds tokenizer.json and tokenizer_config.json of sentence-transformers/all-MiniLM-L6-v2, as in
tests/fixtures/minilm. Needs transformers.
"""

import argparse
import json
import random
import tempfile

import transformers

PLAIN = [
    "The cat sat on the mat.",
    "the sailors rode the breeze clear of the rocks",
    "it 's a charming and often affecting journey . ",
    "Mr. Smith's mother-in-law (aged 94) paid $1,234.56 -- or 50% -- on 3/4/2005!",
    "\" The foodservice pie business does not fit our long-term growth strategy .",
    "U.S.A., e.g., i.e.; o'clock; rock'n'roll; C++/C#; a_b_c; x=y^2~z; `code`; <tag>; {a|b}; [c]",
    "antidisestablishmentarianism floccinaucinihilipilification",
    "supercalifragilisticexpialidocious" * 2,
    "https://example.org/path?query=1&other=%20#part and someone@example.org",
    "AAAAAAA!!!!!!!??????......",
    "1234567890 0x1F 1e-5 3.14159 1,000,000",
    "MiXeD CaSe WORDS and iPhone McDonald",
]
ACCENTS = [
    "Café naïve résumé coöperate façade jalapeño Ångström Zürich",
    "São Paulo, Łódź, Đà Nẵng, Kraków, İstanbul, Ísland, Malmö",
    "cafe\u0301 nai\u0308ve A\u030angstro\u0308m (decomposed)",
    "e\u0301\u0302\u0323\u0330 z\u0351\u036b\u0343a\u0310\u030b\u0342l\u0335g\u0321o\u0322 stacked marks",
    "\u0301\u0302 marks with nothing before them",
    "ﬁne ﬂow ½ ² ³ № ™ © ® ª º Ⅷ ㎏",
    "STRASSE straße ẞ ſ ĳ ǆ ŉ",
    "ΟΔΟΣ οδος ΣΊΣΥΦΟΣ Ἀθῆναι ΆΈΉΊ",
    "Привет, МИР! Ёлка й Й ї Ї",
    "Kelvin \u212a Angstrom \u212b Ohm \u2126 dotless ı I İ i",
    "Ꭰ Ꮳ Ა ა Ω ω ѝ Ѝ Ἂ ᾳ ᾼ",
]
CJK = [
    "我爱自然语言处理",
    "日本語のテキスト、カタカナとひらがな。",
    "한국어 문장입니다",
    "北京 Beijing 2008年 Olympic奥运会",
    "𠀀𠀁𪜀 beyond the basic plane 𫝀 丽你",
    "漢字kanji漢字kanji ㄅㄆㄇ ㈱ ㊙ 〆々〇",
    "「引用」、『二重』・…〜！？：；（）",
    "ＦＵＬＬ　ｗｉｄｔｈ　１２３",
    "\uf900\uf901 \u3400\u4dbf \u9fff compatibility and ends of ranges",
    "が き\u3099 か\u3099 ﾊﾟ ｶﾞ",
    "각 \u1100\u1161\u11a8 jamo",
]
EMOJI = [
    "I 😀 love 🍕 and ☕️!",
    "family 👨‍👩‍👧‍👦 and 👩🏽‍🚀 and 🏳️‍🌈",
    "flags 🇩🇪🇯🇵 keycap 1️⃣ #️⃣",
    "❤️ ❤ ♥ ★☆ ☺️ ✔",
    "😀😃😄😁",
    "word😀word 👍🏿👍🏻",
    "∑∫√∞≠≤≥±×÷ ∀x∈ℝ: x²≥0 → ⇒ ↔",
    "—–‒― “curly” ‘single’ „low“ ‹a› «b» … • † ‡ ¶ §",
    "€ £ ¥ ₽ ₹ ¢ ¤ ₿",
    "𝐁𝐨𝐥𝐝 𝒮𝒸𝓇𝒾𝓅𝓉 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝟘𝟙𝟚",
]
CONTROL = [
    "tab\tnew\nline\rreturn\r\nboth",
    "null\u0000byte bell\u0007 escape\u001b[0m delete\u007f next\u0085line",
    "zero\u200bwidth\u200cjoin\u200der\u2060word\ufeffmark",
    "soft\u00adhyphen no\u00a0break thin\u2009space em\u2003space ideographic\u3000space",
    "line\u2028separator paragraph\u2029separator narrow\u202fspace ogham\u1680space math\u205fspace",
    "\u202eright to left override\u202c and \u2066isolate\u2069",
    "replacement \ufffd\ufffd private \ue000 \U000f0000 noncharacter \uffff",
    "vertical\u000btab form\u000cfeed \u001c\u001d\u001e\u001f separators",
    "  leading,   many   inner, trailing   ",
    "tag \U000e0041\U000e0042 variation \ufe0e\ufe0f\U000e0100 x",
]
RIGHT_TO_LEFT = [
    "مرحبا بالعالم",
    "السَّلَامُ عَلَيْكُمْ ١٢٣",
    "שלום עולם",
    "שָׁלוֹם עֲלֵיכֶם",
    "English mixed with العربية and עברית in one line.",
    "نص، علامات؟ ترقيم؛ «اقتباس»",
]
OTHER_SCRIPTS = [
    "नमस्ते दुनिया क्षत्रिय",
    "สวัสดีชาวโลก ก็ ผู้",
    "வணக்கம் உலகம்",
    "বাংলা ভাষা ১২৩",
    "ગુજરાતી ಕನ್ನಡ తెలుగు മലയാളം",
    "ភាសាខ្មែរ မြန်မာ ລາວ བོད་ཡིག",
    "ქართული Հայերեն አማርኛ",
    "𓀀𓂀 𐍈𐌰 𒀀 𝕬",
]
SPECIAL = [
    "[CLS] a line that writes [SEP] its own [MASK] tokens [PAD]",
    "[SEP][SEP]",
    "[cls] [Sep] [UNK] [unused5] ##ing ##s #ing",
    "a[MASK]b[MASK]",
    "[MASK",
]
EMPTY = ["", " ", "\t\n", "\u200b", "\u0000", "\u00a0\u3000", "\u0301", "."]
LONG = [
    "word " * 600,
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "y" * 1000 + " end",
    "漢" * 300,
    "é" * 150,
    "😀" * 200,
    "." * 300,
    "a b " * 40 + "é漢😀 " * 40,
    "Pneumonoultramicroscopicsilicovolcanoconiosis " * 30,
]
GROUPS = [PLAIN, ACCENTS, CJK, EMOJI, CONTROL, RIGHT_TO_LEFT, OTHER_SCRIPTS, SPECIAL, EMPTY, LONG]
LENGTHS = [128, 128, 512, 64, 32, 17, 16, 8, 5, 4, 3]


def cases(total):
    """Every line alone, pairs at the edges of truncation, then drawn pairs up to the total."""
    lines = [line for group in GROUPS for line in group]
    yield from (([line], 128) for line in lines)
    yield from (([line], 12) for line in LONG[:4] + CJK[:2])
    for first, second, length in [
        (5, 5, 8), (6, 5, 8), (5, 6, 8), (5, 5, 9), (2, 9, 8), (9, 2, 8), (3, 3, 8), (3, 3, 9),
        (20, 20, 8), (20, 5, 8), (5, 20, 10), (0, 9, 8), (9, 0, 8), (0, 0, 8), (0, 0, 3), (4, 4, 3), (4, 4, 4),
        (200, 200, 128), (300, 10, 128), (10, 300, 128), (62, 63, 128), (63, 62, 128), (63, 63, 128), (62, 62, 128),
    ]:
        yield [" ".join(["one"] * first), " ".join(["two"] * second)], length
    draw = random.Random(1)
    drawn = total - len(lines) - 6 - 24
    for _ in range(drawn):
        first, second = (draw.choice(draw.choice(GROUPS)) for _ in range(2))
        yield [first, second], draw.choice(LENGTHS)


def lines_of(tokenizer, chosen):
    for texts, length in chosen:
        # As lists, so that an empty second text is still a second text.
        made = tokenizer(*[[text] for text in texts], truncation="longest_first", max_length=length)
        row = {
            "texts": texts,
            "maxLength": length,
            "ids": made["input_ids"][0],
            "tokenTypeIds": made["token_type_ids"][0],
        }
        yield json.dumps(row, ensure_ascii=True, separators=(",", ":"))


# What tokenizer_config.json beside a bare vocab.txt may say.
CONFIGS = [
    {},
    {"do_lower_case": False},
    {"do_lower_case": True, "strip_accents": False},
    {"tokenize_chinese_chars": False, "pad_token": "[unused0]"},
]


def of_vocabulary(model):
    """Transformers' tokenizer from vocab.txt alone, for each of the configs, on lines of every group."""
    with open(f"{model}/tokenizer.json", encoding="utf-8") as file:
        vocabulary = json.load(file)["model"]["vocab"]
    chosen = [([line], 24) for group in GROUPS for line in group[:7]] + list(cases(200))[-20:]
    for config in CONFIGS:
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/vocab.txt", "w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{token}\n" for token in sorted(vocabulary, key=vocabulary.get))
            with open(f"{folder}/tokenizer_config.json", "w", encoding="utf-8") as file:
                json.dump(config, file)
            tokenizer = transformers.BertTokenizer.from_pretrained(folder)
        head = {"config": config, "padId": tokenizer.pad_token_id, "size": len(tokenizer)}
        yield json.dumps(head)[:-1] + ', "lines": [\n' + ",\n".join(lines_of(tokenizer, chosen)) + "\n]}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--vocabulary", action="store_true", help="from the vocabulary alone")
    options = arguments.parse_args()
    with open(options.out, "w", encoding="utf-8") as file:
        if options.vocabulary:
            file.write("[\n" + ",\n".join(of_vocabulary(options.model)) + "\n]\n")
            return
        tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
        head = {"transformers": transformers.__version__, "padId": tokenizer.pad_token_id, "size": len(tokenizer)}
        file.write(json.dumps(head)[:-1] + ', "lines": [\n' + ",\n".join(lines_of(tokenizer, cases(200))) + "\n]}\n")


if __name__ == "__main__":
    main()
