"""Logits of an exported model, as Transformers computes them, with the type and the labels that it loads.

    python exported_logits.py FOLDER < TEXTS.json

TEXTS.json is a list of lists of one or two texts; prints an object with a list of lists of logits.
"""
import json
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def main():
    folder = sys.argv[1]
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    logits = []
    with torch.no_grad():
        for texts in json.load(sys.stdin):
            logits.append(model(**tokenizer(*texts, return_tensors="pt")).logits[0].tolist())
    print(json.dumps({"logits": logits, "dtype": str(model.dtype), "labels": list(model.config.id2label.values())}))


if __name__ == "__main__":
    main()
