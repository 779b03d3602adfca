"""Golden values for R-Drop and the fast gradient method, by PyTorch in float64.

Makes nn/src/test/resources/dev/merapi/nn/golden/regularizers.txt in the form of golden_text.py:

    rdrop.<case>.one, two         logits of two passes, float32; <case> is classes (softmax) or labels (sigmoid, each by itself)
    rdrop.<case>.loss             float64: half the sum of both Kullback-Leibler divergences, the mean over rows (labels: over all)
    rdrop.<case>.done, dtwo       its gradients
    fgm.table, ids, labels        word embeddings [V, C], the rows of a batch, a class each; the loss is cross-entropy of table[ids]
    fgm.epsilon                   the norm of the move
    fgm.moved                     the table as the second pass sees it: table + epsilon * g / |g|
    fgm.loss, again               the losses of both passes
    fgm.dtable                    the sum of both gradients

    python src/reference/golden_regularizers.py [--out FILE]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from claims import ROOT
from golden_text import write

OUT = ROOT / "nn/src/test/resources/dev/merapi/nn/golden/regularizers.txt"
SCRIPT = "src/reference/golden_regularizers.py"
RANDOM = np.random.default_rng(14)


def normal(*shape, scale=1.5):
    """Float32 values in a float64 tensor."""
    return torch.tensor(RANDOM.normal(0, scale, shape).astype(np.float32).astype(np.float64))


def rdrop(name, rows, classes, divergence):
    one, two = (normal(rows, classes).requires_grad_() for _ in range(2))
    loss = divergence(one, two)
    loss.backward()
    values = {"one": one, "two": two, "loss": loss, "done": one.grad, "dtwo": two.grad}
    return {f"rdrop.{name}.{key}": value.detach().numpy() for key, value in values.items()}


def by_classes(one, two):
    p, q = F.log_softmax(one, -1), F.log_softmax(two, -1)
    kl = lambda a, b: F.kl_div(a, b, reduction="batchmean", log_target=True)  # of b from a
    return (kl(p, q) + kl(q, p)) / 2


def by_labels(one, two):
    pairs = lambda z: torch.stack([F.logsigmoid(z), F.logsigmoid(-z)], -1).reshape(-1, 2)
    p, q = pairs(one), pairs(two)
    kl = lambda a, b: F.kl_div(a, b, reduction="batchmean", log_target=True)
    return (kl(p, q) + kl(q, p)) / 2


def fgm(epsilon=0.75):
    table = normal(7, 3).requires_grad_()
    ids, labels = torch.tensor([2, 5, 2, 0]), torch.tensor([1, 0, 2, 2])
    loss = F.cross_entropy(table[ids], labels)
    loss.backward()
    kept = table.detach().clone()
    with torch.no_grad():
        table += epsilon * table.grad / table.grad.norm()
    again = F.cross_entropy(table[ids], labels)
    again.backward()
    values = {"table": kept, "ids": ids, "labels": labels, "epsilon": epsilon, "moved": table, "loss": loss, "again": again}
    values["dtable"] = table.grad
    return {f"fgm.{key}": np.asarray(torch.as_tensor(value).detach().numpy()) for key, value in values.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    values = rdrop("classes", 5, 4, by_classes) | rdrop("labels", 3, 5, by_labels) | fgm()
    write(options.out, SCRIPT, values, (".loss", ".again"))
