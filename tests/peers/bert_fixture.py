"""A tiny random BertForSequenceClassification: its weights, a batch, logits, loss and every gradient.

    python bert_fixture.py FOLDER

Writes FOLDER/classification and FOLDER/regression, each with config.json, model.safetensors (the weights),
gradients.safetensors and batch.json; and FOLDER/dropout, the first of them in training, with masks that follow a rule.
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

CONFIG = dict(vocab_size=50, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
              max_position_embeddings=20, type_vocab_size=2, hidden_dropout_prob=0.1,
              attention_probs_dropout_prob=0.1, initializer_range=0.2)


# Another rate at each kind of place, so that none can stand for another.
RATES = dict(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.25, classifier_dropout=0.4)


def drop_by_rule(places):
    """In place of torch.nn.functional.dropout: at place p, in order of calls, element i stays if (7i + 3p) % 11 > 2."""
    def dropout(x, p=0.5, training=True, inplace=False):
        kept = (torch.arange(x.numel()) * 7 + len(places) * 3) % 11 > 2
        places.append({"shape": list(x.shape), "rate": p})
        return x * kept.view(x.shape) / (1 - p)
    return dropout


def make(folder, labels, rates=None):
    torch.manual_seed(7)
    config = BertConfig(**{**CONFIG, **(rates or {})}, num_labels=labels)
    if rates:
        config._attn_implementation = "eager"  # the one whose dropout is a call of its own
    model = BertForSequenceClassification(config).eval()  # dropout off: the numbers of both sides can be compared
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:  # biases and LayerNorm begin as constants: made random, so that each one counts
                parameter.add_(torch.randn_like(parameter) * 0.2)
    lengths = [9, 4, 7, 1]
    mask = torch.tensor([[int(at < length) for at in range(9)] for length in lengths])
    ids = torch.randint(1, config.vocab_size, (4, 9)) * mask
    segments = torch.tensor([[int(length // 2 < at < length) for at in range(9)] for length in lengths])
    target = torch.randn(4) if labels == 1 else torch.tensor([2, 0, 1, 1])
    places = []
    if rates:
        torch.nn.functional.dropout = drop_by_rule(places)
        model.train()
    out = model(input_ids=ids, attention_mask=mask, token_type_ids=segments, labels=target)
    out.loss.backward()
    os.makedirs(folder, exist_ok=True)
    # The names only: the file holds no more than the model's own settings.
    keys = [*CONFIG, *(rates or {}), "model_type", "hidden_act", "layer_norm_eps", "pad_token_id"]
    with open(f"{folder}/config.json", "w") as file:
        json.dump({key: config.to_dict()[key] for key in keys}, file, indent=1)
    if not rates:
        save_file({n: p.detach().contiguous() for n, p in model.named_parameters()}, f"{folder}/model.safetensors")
    save_file({n: p.grad.contiguous() for n, p in model.named_parameters()}, f"{folder}/gradients.safetensors")
    with open(f"{folder}/batch.json", "w") as file:
        json.dump({"ids": ids.tolist(), "segments": segments.tolist(), "mask": mask.tolist(),
                   "labels": target.tolist(), "logits": out.logits.tolist(), "loss": out.loss.item(),
                   **({"places": places} if rates else {})}, file, indent=1)


def main():
    for name, labels in (("classification", 3), ("regression", 1)):
        make(os.path.join(sys.argv[1], name), labels)
    make(os.path.join(sys.argv[1], "dropout"), 3, RATES)


if __name__ == "__main__":
    main()
