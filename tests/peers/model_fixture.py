"""A tiny random model for sequence classification: its weights, a batch, logits, loss and every gradient.

    python model_fixture.py bert|mpnet|bart FOLDER

Writes FOLDER/classification and FOLDER/regression, each with config.json, model.safetensors (the weights),
gradients.safetensors and batch.json; and FOLDER/dropout, the first of them in training, with masks that follow a rule.
"""
import json
import os
import sys

import torch
import transformers
from safetensors.torch import save_file

SIZES = dict(vocab_size=50, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
             hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, initializer_range=0.2)
BART_SIZES = dict(vocab_size=50, d_model=24, encoder_layers=2, decoder_layers=3, encoder_attention_heads=4,
                  decoder_attention_heads=2, encoder_ffn_dim=40, decoder_ffn_dim=32, max_position_embeddings=20,
                  dropout=0.1, attention_dropout=0.1, activation_dropout=0.1, classifier_dropout=0.1, init_std=0.2)

# The rates differ from place to place, so that none can stand for another.
RATES = dict(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.25)
MODELS = {
    "bert": dict(name="Bert", pad=0, sizes=dict(SIZES, max_position_embeddings=20, type_vocab_size=2),
                 rates=dict(RATES, classifier_dropout=0.4),
                 keys=["hidden_act", "layer_norm_eps", "pad_token_id"]),
    "mpnet": dict(name="MPNet", pad=1, sizes=dict(SIZES, max_position_embeddings=22), rates=RATES,
                  keys=["hidden_act", "layer_norm_eps", "pad_token_id", "relative_attention_num_buckets"]),
    "bart": dict(name="Bart", pad=1, sizes=BART_SIZES,
                 rates=dict(dropout=0.1, attention_dropout=0.25, activation_dropout=0.3, classifier_dropout=0.4),
                 keys=["activation_function", "pad_token_id", "bos_token_id", "eos_token_id", "scale_embedding",
                       "decoder_start_token_id", "encoder_layerdrop", "decoder_layerdrop"]),
}
# MPNet's buckets grow with the logarithm of the distance from 8 tokens on, so some of its examples are longer.
LENGTHS = {"bert": [9, 4, 7, 1], "mpnet": [20, 4, 17, 2], "bart": [9, 4, 7, 2]}


def drop_by_rule(places):
    """In place of torch.nn.functional.dropout: at place p, in order of calls, element i stays if (7i + 3p) % 11 > 2."""
    def dropout(x, p=0.5, training=True, inplace=False):
        kept = (torch.arange(x.numel()) * 7 + len(places) * 3) % 11 > 2
        places.append({"shape": list(x.shape), "rate": p})
        return x * kept.view(x.shape) / (1 - p)
    return dropout


def batch(kind, config, pad):
    """Token ids, padded at the end; 0 begins and 2 ends an example of the models that have such tokens."""
    lengths = LENGTHS[kind]
    longest = max(lengths)
    mask = torch.tensor([[int(index < length) for index in range(longest)] for length in lengths])
    ids = torch.randint(1 if kind == "bert" else 3, config.vocab_size, (len(lengths), longest))
    if kind != "bert":
        ids[:, 0] = 0
        for row, length in enumerate(lengths):
            ids[row, length - 1] = 2
    ids = ids * mask + pad * (1 - mask)
    segments = torch.tensor([[int(length // 2 < index < length) for index in range(longest)] for length in lengths])
    return ids, segments, mask


def make(kind, folder, labels, rates=None, **changes):
    torch.manual_seed(7)
    name, pad, sizes, keys = (MODELS[kind][key] for key in ("name", "pad", "sizes", "keys"))
    config = getattr(transformers, f"{name}Config")(**{**sizes, **(rates or {}), **changes}, num_labels=labels)
    if rates:
        config._attn_implementation = "eager"  # the one whose dropout is a call of its own
    model = getattr(transformers, f"{name}ForSequenceClassification")(config).eval()  # dropout off
    with torch.no_grad():
        for _, parameter in model.named_parameters():
            if parameter.dim() == 1:  # biases and LayerNorm begin as constants: made random, so that each one counts
                parameter.add_(torch.randn_like(parameter) * 0.2)
    ids, segments, mask = batch(kind, config, pad)
    target = torch.randn(4) if labels == 1 else torch.tensor([2, 0, 1, 1])
    places = []
    if rates:
        torch.nn.functional.dropout, original = drop_by_rule(places), torch.nn.functional.dropout
        model.train()
    types = {"token_type_ids": segments} if kind == "bert" else {}
    out = model(input_ids=ids, attention_mask=mask, labels=target, **types)
    out.loss.backward()
    if rates:
        torch.nn.functional.dropout = original
    os.makedirs(folder, exist_ok=True)
    # The names only: the file holds no more than the model's own settings.
    keys = [*sizes, *(key for key in rates or {} if key not in sizes), "model_type", *keys]
    with open(f"{folder}/config.json", "w") as file:
        json.dump({key: config.to_dict()[key] for key in keys}, file, indent=1)
    if not rates:
        save_file({n: p.detach().contiguous() for n, p in model.named_parameters()}, f"{folder}/model.safetensors")
    save_file({n: p.grad.contiguous() for n, p in model.named_parameters()}, f"{folder}/gradients.safetensors")
    with open(f"{folder}/batch.json", "w") as file:
        json.dump({"ids": ids.tolist(), **({"segments": segments.tolist()} if types else {}), "mask": mask.tolist(),
                   "labels": target.tolist(), "logits": out.logits.tolist(), "loss": out.loss.item(),
                   **({"places": places} if rates else {})}, file, indent=1)


def main():
    kind, folder = sys.argv[1:]
    for name, labels in (("classification", 3), ("regression", 1)):
        # The two differ in what a config switches on and off, so that both sides of it are seen.
        changes = {"scale_embedding": labels == 1} if kind == "bart" else {}
        make(kind, os.path.join(folder, name), labels, **changes)
    make(kind, os.path.join(folder, "dropout"), 3, MODELS[kind]["rates"])


if __name__ == "__main__":
    main()
