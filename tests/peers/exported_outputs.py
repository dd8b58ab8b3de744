"""What an exported model computes from token ids, as Transformers loads it.

    python exported_outputs.py FOLDER CLASS < IDS.json

CLASS is one of Transformers' classes, IDS.json a list of lists of token ids. Prints logits, or for a class that generates
the generated token ids (at most 8, as its config says how), one list per example; fails if a tensor of the file is missing or unused.
"""
import json
import sys

import torch
import transformers


def main():
    folder, name = sys.argv[1:]
    model, report = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    problems = {key: sorted(value) for key, value in report.items() if value}
    assert not problems, problems
    model.eval()
    outputs = []
    with torch.no_grad():
        for ids in json.load(sys.stdin):
            ids = torch.tensor([ids])
            if name.endswith("ConditionalGeneration"):
                outputs.append(model.generate(ids, max_new_tokens=8)[0, 1:].tolist())
            else:
                outputs.append(model(ids).logits[0].tolist())
    print(json.dumps(outputs))


if __name__ == "__main__":
    main()
