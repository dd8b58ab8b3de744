"""Tiny random T5s: weights, a batch with targets, logits, loss, every gradient, and what they generate.

    python t5_fixture.py FOLDER

Writes FOLDER/original (ReLU, logits from the scaled embeddings) and FOLDER/v1_1 (gated GELU, a matrix of its own for the
logits, heads wider than the model), each with config.json, model.safetensors, gradients.safetensors and batch.json; and
FOLDER/dropout, the first of them in training, with masks that follow a rule. The first two have rank.json, the
log-probabilities of candidate answers, which is computed from the files: `t5_fixture.rank(folder)` alone makes it again.
"""
import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5ForConditionalGeneration

from model_fixture import drop_by_rule

SIZES = dict(vocab_size=50, d_model=24, d_ff=40, num_layers=2, num_decoder_layers=3, num_heads=4, d_kv=6,
             relative_attention_num_buckets=8, relative_attention_max_distance=12, n_positions=64)
ORIGINAL = dict(SIZES, feed_forward_proj="relu", tie_word_embeddings=True)
V1_1 = dict(SIZES, d_kv=8, num_decoder_layers=2, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
CANDIDATES = [[20, 1], [21, 1], [20, 30, 4, 1]]
LENGTHS, TARGETS, GENERATED = [20, 4, 17, 2], [5, 2, 3, 1], 7


def padded(lengths, vocabulary, fill):
    """Token ids that end with 1, padded."""
    rows = [torch.cat([torch.randint(2, vocabulary, (length - 1,)), torch.tensor([1])]) for length in lengths]
    return torch.stack([torch.nn.functional.pad(row, (0, max(lengths) - len(row)), value=fill) for row in rows])


def build(sizes, seed, dropout=0.1):
    torch.manual_seed(seed)
    config = T5Config(**sizes, dropout_rate=dropout, decoder_start_token_id=0)
    config._attn_implementation = "eager"  # the one whose dropout is a call of its own
    model = T5ForConditionalGeneration(config).eval()
    if not sizes["tie_word_embeddings"]:
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight) * 0.15)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:  # norms begin as ones: made random, so that each one counts
                parameter.add_(torch.randn_like(parameter) * 0.2)
            elif "shared" in name:
                parameter.mul_(0.5)
            else:  # so that attention is not almost even
                parameter.mul_(1.5)
    return config, model


def generate(model, ids, mask):
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, num_beams=1, do_sample=False, max_new_tokens=GENERATED,
                             use_cache=False)
    out = out[:, 1:]
    return torch.nn.functional.pad(out, (0, GENERATED - out.shape[1]), value=0)


def make(folder, sizes, train=False):
    for seed in range(1000):  # some texts end early, others do not
        config, model = build(sizes, seed)
        ids = padded(LENGTHS, config.vocab_size, 0)
        mask = torch.tensor([[int(index < length) for index in range(max(LENGTHS))] for length in LENGTHS])
        generated = generate(model, ids, mask)
        ends = [1 in row[:-1] for row in generated.tolist()]
        if train or (any(ends) and not all(ends)):
            break
    targets = padded(TARGETS, config.vocab_size, -100)
    places = []
    if train:
        torch.nn.functional.dropout, original = drop_by_rule(places), torch.nn.functional.dropout
        model.train()
    out = model(input_ids=ids, attention_mask=mask, labels=targets)
    out.loss.backward()
    if train:
        torch.nn.functional.dropout = original
    os.makedirs(folder, exist_ok=True)
    keys = [*sizes, "model_type", "dropout_rate", "layer_norm_epsilon", "pad_token_id", "eos_token_id",
            "decoder_start_token_id", "is_encoder_decoder", "initializer_factor"]
    with open(f"{folder}/config.json", "w") as file:  # with the key as files of T5 1.1 have it, which the class forgets
        json.dump({key: sizes.get(key, config.to_dict().get(key)) for key in keys}, file, indent=1)
    save_file({n: p.detach().contiguous() for n, p in model.named_parameters()}, f"{folder}/model.safetensors")
    save_file({n: p.grad.contiguous() for n, p in model.named_parameters()}, f"{folder}/gradients.safetensors")
    with open(f"{folder}/batch.json", "w") as file:
        json.dump({"ids": ids.tolist(), "mask": mask.tolist(), "targets": targets.tolist(), "loss": out.loss.item(),
                   "logits": out.logits.tolist(), "generated": generated.tolist(),
                   **({"places": places} if train else {})}, file)


def rank(folder):
    """The log-probability of each candidate for each text, in float64, as a sum over its tokens."""
    with open(f"{folder}/batch.json") as file:
        batch = json.load(file)
    with open(f"{folder}/config.json") as file:
        model = T5ForConditionalGeneration(T5Config(**json.load(file)))
    tensors = load_file(f"{folder}/model.safetensors")
    if "lm_head.weight" in tensors:
        model.lm_head.weight = torch.nn.Parameter(tensors["lm_head.weight"])
    model.load_state_dict(tensors, strict=False)
    model.double().eval()
    scores = []
    for ids, mask in zip(batch["ids"], batch["mask"]):
        ids = torch.tensor([ids[:sum(mask)]])
        scores.append([])
        for candidate in CANDIDATES:
            labels = torch.tensor([candidate])
            with torch.no_grad():
                logits = model(input_ids=ids, labels=labels).logits[0]
            chosen = torch.log_softmax(logits, -1)[torch.arange(len(candidate)), labels[0]]
            scores[-1].append(chosen.sum().item())
    with open(f"{folder}/rank.json", "w") as file:
        json.dump({"candidates": CANDIDATES, "scores": scores}, file)


def main():
    make(f"{sys.argv[1]}/original", ORIGINAL)
    make(f"{sys.argv[1]}/v1_1", V1_1)
    make(f"{sys.argv[1]}/dropout", ORIGINAL, train=True)
    rank(f"{sys.argv[1]}/original")
    rank(f"{sys.argv[1]}/v1_1")


if __name__ == "__main__":
    main()
