"""The peers' side of `deno task bench`: prepares its work, then measures it once for every line on standard input.

    python serve.py '{"work": "step", "config": {…}, "batchSize": 32, "length": 128, "threads": 2}'

Prints one JSON line when it is ready and one per measurement. PyTorch runs eagerly, or compiled in its default mode
("compile"), with its fast attention (`scaled_dot_product_attention`) and fused AdamW; on a GPU ("device": "gpu") the peak
memory is that of the GPU, and a measurement ends when the GPU has finished.
"""
import json
import os
import resource
import sys
import time

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification

sys.path.insert(0, os.path.dirname(__file__))  # isolated mode leaves it out
import released  # noqa: E402


def device_of(spec):
    return "cuda" if spec.get("device") == "gpu" else "cpu"


def model_of(spec):
    torch.manual_seed(1)
    config = BertConfig(**spec["config"], num_labels=2, attn_implementation="sdpa")
    return BertForSequenceClassification(config).to(device_of(spec))


def compiled(model, spec):
    return torch.compile(model) if spec.get("compile") else model


def autocast(spec):
    return torch.autocast(device_of(spec), torch.bfloat16, enabled=spec.get("precision") == "bfloat16")


def synchronize(spec):
    if device_of(spec) == "cuda":
        torch.cuda.synchronize()


def random_batch(batch_size, length, vocabulary):
    ids = torch.randint(5, vocabulary, (batch_size, length))
    batch = {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": torch.ones_like(ids)}
    return batch, torch.arange(batch_size) % 2


def read_batches(path):
    """Real batches, each padded to its longest example."""
    with open(path, encoding="utf-8") as file:
        for examples in json.load(file):
            sizes = [len(example["ids"]) for example in examples]
            length = max(sizes)
            padded = lambda key: torch.tensor([example[key] + [0] * (length - len(example[key])) for example in examples])
            mask = torch.tensor([[1] * size + [0] * (length - size) for size in sizes])
            batch = {"input_ids": padded("ids"), "token_type_ids": padded("tokenTypeIds"), "attention_mask": mask}
            yield batch, torch.tensor([int(example["label"]) for example in examples])


def batches_of(spec):
    if spec.get("batches"):
        batches = list(read_batches(spec["batches"]))
    else:
        batches = [random_batch(spec["batchSize"], spec["length"], spec["config"]["vocab_size"])]
    device = device_of(spec)
    return [({key: value.to(device) for key, value in batch.items()}, labels.to(device)) for batch, labels in batches]


def training(spec):
    model, batches = model_of(spec), batches_of(spec)
    decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    others = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=2e-5, fused=True)
    if spec.get("modes"):
        # The optimizer exists before, as released: it keeps the replaced weights, which get no gradient.
        released.convert(model, released.quick_tensors(model, spec["modes"]))
    model.train()
    forward = compiled(model, spec)

    def steps():
        for batch, labels in batches:
            with autocast(spec):
                loss = forward(**batch, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            model.zero_grad(set_to_none=True)
    return steps


def evaluation(spec):
    model = model_of(spec)
    if spec.get("modes"):
        released.convert(model, released.quick_tensors(model, spec["modes"]))
    model.eval()
    forward = compiled(model, spec)
    [(batch, _)] = batches_of({**spec, "batches": None})

    def evaluate():
        with torch.no_grad(), autocast(spec):
            for _ in range(spec["repeat"]):
                forward(**batch)
    return evaluate


def decomposition(spec):
    model = model_of(spec)
    return lambda: released.decompose_weights(model, spec["modes"])


def products(spec):
    """Matrix products by NumPy, whose wheels bring OpenBLAS: `[count, rows, inner, columns]` each."""
    operands = [(count, np.random.default_rng(1).random((rows, inner), np.float32),
                 np.random.default_rng(2).random((inner, columns), np.float32), np.empty((rows, columns), np.float32))
                for count, rows, inner, columns in spec["products"]]

    def multiply():
        for count, a, b, out in operands:
            for _ in range(count):
                np.matmul(a, b, out=out)
    return multiply


WORK = {"step": training, "evaluate": evaluation, "decompose": decomposition, "products": products}


def main():
    spec = json.loads(sys.argv[1])
    torch.set_num_threads(spec["threads"])
    torch.set_float32_matmul_precision("high" if spec.get("precision") == "tf32" else "highest")
    run = WORK[spec["work"]](spec)
    for _ in range(spec.get("warm", 1)):
        run()
    synchronize(spec)
    repeat = 1 if spec["work"] == "evaluate" else spec.get("repeat", 1)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        for _ in range(repeat):
            run()
        synchronize(spec)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
        if device_of(spec) == "cuda":
            peak = torch.cuda.max_memory_allocated()
        else:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        print(json.dumps({"seconds": seconds / spec.get("repeat", 1), "cpuSeconds": cpu / spec.get("repeat", 1),
                          "peakBytes": peak}), flush=True)


if __name__ == "__main__":
    main()
