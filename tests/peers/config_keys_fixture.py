"""What every key of a config changes in Transformers' models: parameters, or the loss of a fixture's batch.

    python config_keys_fixture.py FIXTURES > FIXTURES/config_keys.json

For each model with fixtures of model_fixture.py and t5_fixture.py, each key of its config class (and some that old files
have) takes other values, one at a time. A row says how many parameters there are then and, if there are as many as before,
the loss with the fixture's weights. Values that Transformers refuses have no row.
"""
import json
import sys

import torch
import transformers
from safetensors.torch import load_file

ACTIVATIONS = ["gelu", "relu", "gelu_new", "gelu_pytorch_tanh", "silu", "quick_gelu"]
HEAD = dict(num_labels=3)
MODELS = {
    "bert": ("bert/classification", "Bert", "ForSequenceClassification", HEAD, {
        "position_embedding_type": ["relative_key"], "pruned_heads": [{"0": [1]}], "embedding_size": [12],
        "chunk_size_feed_forward": [1], "use_bfloat16": [True], "cross_attention_hidden_size": [24]}),
    "mpnet": ("mpnet/classification", "MPNet", "ForSequenceClassification", HEAD, {
        "relative_attention_max_distance": [8], "type_vocab_size": [2], "position_embedding_type": ["relative_key"],
        "classifier_dropout": [0.3]}),
    "bart": ("bart/classification", "Bart", "ForSequenceClassification", HEAD, {
        "num_hidden_layers": [2, 1, 3], "hidden_size": [12], "num_attention_heads": [2], "normalize_before": [True],
        "add_final_layer_norm": [True], "normalize_embedding": [False], "static_position_embeddings": [True],
        "extra_pos_embeddings": [4]}),
    "t5": ("t5/original", "T5", "ForConditionalGeneration", {}, {
        "num_hidden_layers": [1], "hidden_size": [12], "num_attention_heads": [2], "head_dim": [3], "d_kv": [8],
        "feed_forward_proj": ["gated-gelu", "gated-relu", "silu"], "n_positions": [32]}),
}
# Of the file, not of the model.
SKIPPED = {"_name_or_path", "architectures", "dtype", "id2label", "label2id", "model_type", "problem_type", "return_dict",
           "transformers_version", "output_attentions", "output_hidden_states"}


def others(key, value):
    """Other values for a key."""
    if "activation_function" in key or "hidden_act" in key:
        return [name for name in ACTIVATIONS if name != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value * 2] if value else [1]
    if isinstance(value, float):
        return [value + 0.25]
    return [2, True, 0.5]


def losses(folder, config, make):
    """The number of parameters, and the loss with the weights of the folder if there are as many."""
    batch = json.load(open(f"{folder}/batch.json"))
    torch.manual_seed(0)
    model = make(config).eval()
    size = sum(parameter.numel() for parameter in model.parameters())
    weights = load_file(f"{folder}/model.safetensors")
    found = dict(model.named_parameters())
    if {n: p.shape for n, p in weights.items()} != {n: p.shape for n, p in found.items()}:
        return {"parameters": size}
    model.load_state_dict(weights, strict=False)
    inputs = dict(input_ids=torch.tensor(batch["ids"]), attention_mask=torch.tensor(batch["mask"]),
                  labels=torch.tensor(batch["targets"] if "targets" in batch else batch["labels"]))
    if "segments" in batch:
        inputs["token_type_ids"] = torch.tensor(batch["segments"])
    with torch.no_grad():
        return {"parameters": size, "loss": model(**inputs).loss.item()}


def main():
    rows = []
    for model, (place, name, task, extra, old) in MODELS.items():
        folder = f"{sys.argv[1]}/{place}"
        file = json.load(open(f"{folder}/config.json"))
        kind, make = getattr(transformers, f"{name}Config"), getattr(transformers, f"{name}{task}")
        defaults = {**kind().to_dict(), **file}
        # Today's T5 leaves to the weights whether its logits are products with the embeddings.
        skipped = SKIPPED | ({"scale_decoder_outputs", "tie_word_embeddings"} if model == "t5" else set())
        changes = {key: others(key, value) for key, value in defaults.items() if key not in skipped}
        for key, values in {**changes, **{k: [*changes.get(k, []), *v] for k, v in old.items()}}.items():
            for value in values:
                try:
                    found = losses(folder, kind(**{**file, key: value}, **extra), make)
                except Exception:  # refused there, too
                    continue
                rows.append({"model": model, "folder": place, "key": key, "value": value, **found})
    print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")


if __name__ == "__main__":
    main()
