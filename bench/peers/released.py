"""OPF as the released code does it, reimplemented: the peer of the OPF rows.

A weight is split into local tensors by one singular value decomposition per bond, whatever the modes. Three more
decompositions per bond follow: from the left, from the right, and of the product of the two, whose singular values are
shared evenly between the neighboring tensors. A converted layer contracts its tensors from left to right in every
forward pass, evaluation included. The factors have gradients, which count in the norm for clipping, but the optimizer,
created before them, does not know them.
"""
import numpy as np
import torch
from torch import nn


def thin_svd(matrix):
    return np.linalg.svd(matrix, full_matrices=False)


def cut(matrix, rows, columns):
    """Local tensors [left, row, column, right], all but the last with orthonormal columns."""
    m = len(rows)
    pairs = np.arange(2 * m).reshape(2, m).T.ravel()
    rest = matrix.reshape(*rows, *columns).transpose(pairs)
    tensors, left = [], 1
    for row, column in zip(rows[:-1], columns[:-1]):
        u, values, v = thin_svd(rest.reshape(left * row * column, -1))
        tensors.append(u.reshape(left, row, column, -1))
        rest = np.diag(values) @ v
        left = len(values)
    return tensors + [rest.reshape(left, rows[-1], columns[-1], 1)]


def from_left(tensors):
    """The product to the left of each bond, up to an orthonormal basis."""
    results, carried = [], np.ones((1, 1), np.float32)
    for tensor in tensors[:-1]:
        product = np.tensordot(carried, tensor, 1)
        _, values, v = thin_svd(product.reshape(-1, product.shape[-1]))
        carried = np.diag(values) @ v
        results.append(carried)
    return results


def from_right(tensors):
    """The product to the right of each bond, likewise."""
    results, carried = [], np.ones((1, 1), np.float32)
    for tensor in reversed(tensors[1:]):
        product = np.tensordot(tensor, carried, 1)
        u, values, _ = thin_svd(product.reshape(product.shape[0], -1))
        carried = u @ np.diag(values)
        results.append(carried)
    return results[::-1]


def decompose(matrix, rows, columns):
    """The local tensors of a matrix [Π rows, Π columns] in the symmetric gauge."""
    tensors = cut(matrix, rows, columns)
    for bond, (left, right) in enumerate(zip(from_left(tensors), from_right(tensors))):
        u, values, v = np.linalg.svd(left @ right)
        share = np.diag(values ** -0.5)
        # Two factors of an identity on the bond: right · vᵀ · s^(−½) and s^(−½) · uᵀ · left.
        tensors[bond] = np.tensordot(tensors[bond], right @ v.T @ share, 1)
        tensors[bond + 1] = np.tensordot(share @ u.T @ left, tensors[bond + 1], 1)
    return tensors


def contract(tensors):
    """The matrix, contracted from left to right."""
    whole = tensors[0]
    for tensor in tensors[1:]:
        whole = torch.tensordot(whole, tensor, dims=1)
    whole = whole.squeeze(0).squeeze(-1)
    m = len(tensors)
    rows, columns = whole.shape[0::2], whole.shape[1::2]
    order = list(range(0, 2 * m, 2)) + list(range(1, 2 * m, 2))
    return whole.permute(order).reshape(int(np.prod(rows)), int(np.prod(columns)))


class FactorizedLinear(nn.Module):
    """A linear layer whose weight is a product of local tensors."""

    def __init__(self, tensors, bias):
        super().__init__()
        self.tensors = nn.ParameterList(
            [nn.Parameter(torch.from_numpy(np.ascontiguousarray(t)).to(bias.device)) for t in tensors])
        self.bias = bias

    def forward(self, x):
        return nn.functional.linear(x, contract(list(self.tensors)), self.bias)


def decompose_weights(model, modes):
    """The local tensors of the layers in `modes`, by name."""
    return {name: decompose(model.get_submodule(name).weight.detach().cpu().numpy(), modes[name]["rows"],
                            modes[name]["columns"]) for name in modes}


def convert(model, tensors):
    """Replaces dense layers by factorized ones."""
    for name, factors in tensors.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, FactorizedLinear(factors, model.get_submodule(name).bias))


def quick_tensors(model, modes):
    """Random tensors of the right shapes and scale, to time steps without waiting for the decomposition."""
    results = {}
    generator = np.random.default_rng(1)
    for name, lists in modes.items():
        sizes = [row * column for row, column in zip(lists["rows"], lists["columns"])]
        bonds = [min(int(np.prod(sizes[:k])), int(np.prod(sizes[k:]))) for k in range(len(sizes) + 1)]
        results[name] = [
            np.eye(bonds[k], dtype=np.float32).reshape(bonds[k], 1, 1, bonds[k]) if size == 1 else
            (generator.standard_normal((bonds[k], lists["rows"][k], lists["columns"][k], bonds[k + 1])) *
             (0.02 / max(bonds)) ** 0.5).astype(np.float32)
            for k, size in enumerate(sizes)]
    return results
