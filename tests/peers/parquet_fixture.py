"""Writes tests/fixtures/glue: a few made-up rows in the Parquet form of the dataset nyu-mll/glue.

    python tests/peers/parquet_fixture.py --out tests/fixtures/glue

Needs pyarrow, which the Hugging Face hub's files are written with.
"""

import argparse
import pathlib

import pyarrow
import pyarrow.parquet

LABEL, INDEX, TEXT = pyarrow.int64(), pyarrow.int32(), pyarrow.string()
PAIR = {"sentence1": TEXT, "sentence2": TEXT, "label": LABEL, "idx": INDEX}

FILES = {
    "rte/train": (PAIR, [
        ("A cat sat.", "An animal sat.", 0, 0),
        ("Ein \"Zitat\",\tmit Tab\nund Umbruch – 漢字 😀", "", 1, 1),
        ("The same.", "The same.", 0, 7),
    ]),
    "rte/validation": (PAIR, [("It rains. ", "It is dry.", 1, 0)]),
    "rte/test": (PAIR, [("No label", "is known here.", -1, 0)]),
    "stsb/train": (
        {**PAIR, "label": pyarrow.float32()},
        [("A plane is taking off.", "An air plane is taking off.", 5.0, 0), ("A man.", "A dog.", 0.5, 1)],
    ),
    "stsb/validation": ({**PAIR, "label": pyarrow.float32()}, [("One.", "Two.", 1.75, 0)]),
    "mnli/train": ({"premise": TEXT, "hypothesis": TEXT, "label": LABEL, "idx": INDEX}, [("P.", "H.", 2, 0)]),
    "mnli/validation_matched": (
        {"premise": TEXT, "hypothesis": TEXT, "label": LABEL, "idx": INDEX},
        [("A premise.", "A hypothesis.", 1, 0)],
    ),
    "mnli/validation_mismatched": (
        {"premise": TEXT, "hypothesis": TEXT, "label": LABEL, "idx": INDEX},
        [("Another premise.", "Another hypothesis.", 0, 0)],
    ),
    "qnli/train": ({"question": TEXT, "sentence": TEXT, "label": LABEL, "idx": INDEX}, [
        (f"Question {index % 40}?", "A sentence. " * (index % 7), index % 2, index) for index in range(5000)
    ]),
    "sst2/train": ({"sentence": TEXT, "label": LABEL, "idx": INDEX}, [("Good.", 1, 0)]),
    "wnli/train": ({**PAIR, "sentence2": pyarrow.list_(TEXT)}, [("A.", ["B.", "C."], 0, 0)]),
    "cola/train": ({"sentence": TEXT, "label": LABEL, "idx": INDEX}, [("They sang.", 1, 0), ("Sang they it.", 0, 1)]),
    "cola/validation": ({"sentence": TEXT, "label": LABEL, "idx": INDEX}, [(None, 1, 0)]),
}

# Groups and pages as larger files have them, and forms that are not read.
OPTIONS = {
    "qnli/train": {"row_group_size": 2000, "data_page_size": 500, "write_batch_size": 100, "dictionary_pagesize_limit": 300},
    "sst2/train": {"compression": "zstd"},
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True, type=pathlib.Path)
    out = arguments.parse_args().out
    for name, (columns, rows) in FILES.items():
        schema = pyarrow.schema(list(columns.items()))
        table = pyarrow.Table.from_pylist([dict(zip(columns, row)) for row in rows], schema=schema)
        path = out / f"{name}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(table, path, **OPTIONS.get(name, {}))


if __name__ == "__main__":
    main()
