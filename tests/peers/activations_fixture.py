"""Values and derivatives of Transformers' activations.

    python activations_fixture.py FILE
"""
import json
import sys

import torch
from transformers.activations import ACT2FN

NAMES = ["gelu", "gelu_new", "relu", "silu", "tanh"]


def main():
    x = torch.cat([torch.linspace(-6, 6, 48), torch.tensor([-20.0, 20.0])])  # without 0, where relu has no derivative
    cases = {}
    for name in NAMES:
        at = x.clone().requires_grad_()
        y = ACT2FN[name](at)
        y.sum().backward()
        cases[name] = {"values": y.tolist(), "derivatives": at.grad.tolist()}
    with open(sys.argv[1], "w") as file:
        json.dump({"x": x.tolist(), "activations": cases}, file)


if __name__ == "__main__":
    main()
