"""AdamW, gradient clipping and the linear schedule as PyTorch and Transformers compute them.

    python adamw_fixture.py FILE

Two parameters, one decayed; given gradients of eight steps; values after each step, norms and rates.
"""
import json
import sys

import torch
from transformers import get_linear_schedule_with_warmup

STEPS, WARMUP = 8, 3
SETTINGS = dict(learningRate=0.01, weightDecay=0.1, adamBeta1=0.8, adamBeta2=0.95, adamEpsilon=1e-6, maxGradNorm=1.5)


def main():
    torch.manual_seed(3)
    decayed, other = torch.nn.Parameter(torch.randn(3, 2)), torch.nn.Parameter(torch.randn(4))
    optimizer = torch.optim.AdamW(
        [{"params": [decayed], "weight_decay": SETTINGS["weightDecay"]}, {"params": [other], "weight_decay": 0.0}],
        lr=SETTINGS["learningRate"], betas=(SETTINGS["adamBeta1"], SETTINGS["adamBeta2"]),
        eps=SETTINGS["adamEpsilon"])
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    out = {"settings": SETTINGS, "steps": STEPS, "warmup": WARMUP,
           "start": [decayed.tolist(), other.tolist()], "rates": [], "norms": [], "gradients": [], "values": []}
    for step in range(STEPS):
        scale = 0.1 if step % 2 else 2.0  # clipped on every other step
        decayed.grad, other.grad = torch.randn(3, 2) * scale, torch.randn(4) * scale
        out["gradients"].append([decayed.grad.tolist(), other.grad.tolist()])
        out["rates"].append(schedule.get_last_lr()[0] / SETTINGS["learningRate"])
        out["norms"].append(torch.nn.utils.clip_grad_norm_([decayed, other], SETTINGS["maxGradNorm"]).item())
        optimizer.step()
        schedule.step()
        out["values"].append([decayed.tolist(), other.tolist()])
    with open(sys.argv[1], "w") as file:
        json.dump(out, file, indent=1)


if __name__ == "__main__":
    main()
