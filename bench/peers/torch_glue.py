"""Plain fine-tuning on GLUE in PyTorch + Transformers: the peer of `deno task reproduce glue-minilm`.

The same recipe as ours: AdamW (no decay on biases and LayerNorm), linear warm-up over a tenth of the steps and
linear decay, gradients clipped to norm 1, batches padded to their longest example, and the final weights evaluated on the dev set.

    python torch_glue.py --model FOLDER --data FOLDER --tasks rte,mrpc --epochs 3 --learning-rate 1e-4 --seed 1

Prints one JSON line per task: metrics, seconds per step, peak memory: resident, or the GPU's with `--device gpu`.
"""
import argparse
import csv
import gzip
import json
import os
import resource
import time

import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from transformers import AutoModelForSequenceClassification, AutoTokenizer

LABELS = {"stsb": 1, "mnli": 3}


def rows(folder, task, split):
    path = os.path.join(folder, task, f"{split}.tsv")
    with (open(path, encoding="utf-8", newline="") if os.path.exists(path)
          else gzip.open(path + ".gz", "rt", encoding="utf-8", newline="")) as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["sentence1"], row.get("sentence2"), float(row["label"])


def metrics(task, logits, labels):
    if task == "stsb":
        return {"pearson": pearsonr(logits[:, 0], labels)[0], "spearman": spearmanr(logits[:, 0], labels)[0]}
    predictions = logits.argmax(-1)
    results = {"accuracy": accuracy_score(labels, predictions)}
    if task in ("mrpc", "qqp"):
        results["f1"] = f1_score(labels, predictions)
    if task == "cola":
        results["matthews"] = matthews_corrcoef(labels, predictions)
    return results


def encode(tokenizer, data, length):
    first, second, labels = zip(*data)
    pairs = (list(first), list(second)) if second[0] is not None else (list(first),)
    ids = tokenizer(*pairs, truncation="longest_first", max_length=length)
    return [{k: ids[k][i] for k in ids} for i in range(len(labels))], list(labels)


def device_of(args):
    return "cuda" if args.device == "gpu" else "cpu"


def batches(tokenizer, data, order, task, args):
    examples, labels = data
    size, device = args.batch_size, device_of(args)
    for start in range(0, len(order), size):
        indices = order[start:start + size]
        batch = tokenizer.pad([examples[i] for i in indices], return_tensors="pt")
        kind = torch.float32 if task == "stsb" else torch.long
        yield batch.to(device), torch.tensor([labels[i] for i in indices], dtype=kind, device=device)


def run(task, args):
    torch.manual_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=LABELS.get(task, 2))
    model.to(device_of(args))
    train = encode(tokenizer, list(rows(args.data, task, "train")), args.max_length)
    dev = encode(tokenizer, list(rows(args.data, task, "dev_matched" if task == "mnli" else "dev")), args.max_length)
    decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    others = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": args.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=args.learning_rate, fused=True)
    per_epoch = -(-len(train[1]) // args.batch_size)
    total = per_epoch * args.epochs
    warm = round(total * 0.1) if args.warmup_steps is None else args.warmup_steps
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: s / max(1, warm) if s < warm else (total - s) / max(1, total - warm))
    started = time.time()
    for _ in range(args.epochs):
        model.train()
        order = torch.randperm(len(train[1])).tolist()
        for batch, labels in batches(tokenizer, train, order, task, args):
            model(**batch, labels=labels).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    if args.device == "gpu":
        torch.cuda.synchronize()
    seconds = time.time() - started
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(**b).logits for b, _ in
                            batches(tokenizer, dev, list(range(len(dev[1]))), task, args)])
    results = metrics(task, logits.cpu().numpy(), dev[1])
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"task": task, "seed": args.seed, "metrics": {k: round(float(v), 4) for k, v in results.items()},
            "steps": total, "secondsPerStep": round(seconds / total, 4), "seconds": round(seconds, 1),
            "peakBytes": torch.cuda.max_memory_allocated() if args.device == "gpu" else resident,
            "parameters": sum(p.numel() for p in model.parameters())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--tasks", default="rte,mrpc")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup-steps", type=int, help="a tenth of the steps if left out")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--precision", choices=["float32", "tf32"], default="float32")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision("high" if args.precision == "tf32" else "highest")
    for task in args.tasks.split(","):
        print(json.dumps(run(task, args)), flush=True)


if __name__ == "__main__":
    main()
