"""Golden values for the engine's operations: forward values and gradients by torch in float64, rounded once to float32.

Makes engine/src/test/resources/dev/merapi/engine/golden/ops.txt in the form of golden_text.py. Names are `<operation>.<case>.<tensor>`:
inputs under their own names, the result `y` (or `loss`), the gradient that arrives `dy` (1 for a loss), and one `d<input>` an input.

    linear           y = x·wᵀ + b               x [N, I]  w [O, I]  b [O]
    gelu, gelu_tanh, relu, tanh, sigmoid        elementwise, inputs reaching far into both tails
    add, multiply                               elementwise
    layer_norm       y = (x − μ)/√(σ² + eps)·gamma + beta           x [N, C]
    softmax          over the last axis, also with logits of ±10⁴
    cross_entropy    torch's: weights [K] and smoothing; the mean is over the labels' weights; −100 is ignored
    bce              with logits [N, K], targets in 0..1, optional pos_weight [K]; the mean over all
    attention        softmax(q·kᵀ/√D)·v of each sequence and head; q, k, v, y [N, H·D], starts [B+1]
    embedding        y = table[ids]             table [V, C]  ids [N], with repeats

    python src/reference/golden_ops.py [--out FILE]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from claims import ROOT
from golden_text import write

OUT = ROOT / "engine/src/test/resources/dev/merapi/engine/golden/ops.txt"
SCRIPT = "src/reference/golden_ops.py"
TAILS = [-90, -13.5, -6, -5.1, -3.8, -2, -1, -0.75, -1e-3, -1e-20, 1e-20, 1e-3, 0.3, 0.75, 1, 2, 3.9, 5.1, 6, 13.5, 90]


class Recorder:
    """Collects cases; every float input is a float32 number, every result is computed from it in float64."""

    def __init__(self, seed):
        self.values = {}
        self.random = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0, shift=0.0):
        return (self.random.standard_normal(shape) * scale + shift).astype(np.float32)

    def case(self, name, function, inputs, **constants):
        """Records inputs, constants (no gradient), the result of function(**inputs, **constants) and the gradients of the inputs."""
        tensors = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in inputs.items()}
        y = function(**tensors, **{k: to_tensor(v) for k, v in constants.items()})
        result = "y" if y.dim() else "loss"
        recorded = dict(inputs) | constants | {result: y.detach().numpy()}
        dy = torch.ones_like(y)
        if y.dim():
            recorded["dy"] = self.normal(*y.shape)
            dy = torch.tensor(recorded["dy"], dtype=torch.float64)
        gradients = torch.autograd.grad(y, list(tensors.values()), dy)
        recorded |= {f"d{k}": g.numpy() for k, g in zip(tensors, gradients)}
        self.values |= {f"{name}.{k}": v for k, v in recorded.items()}


def to_tensor(value):
    """Float constants are rounded to float32 before they enter; integers stay."""
    array = np.asarray(value)
    return torch.tensor(array if array.dtype.kind == "i" else array.astype(np.float32).astype(np.float64))


def attention(q, k, v, starts, heads):
    D = q.shape[1] // int(heads)
    context = []
    for begin, end in zip(starts[:-1], starts[1:]):
        qh, kh, vh = (x[begin:end].unflatten(1, (-1, D)).transpose(0, 1) for x in (q, k, v))  # [H, T, D]
        context.append(((qh @ kh.transpose(1, 2) / D**0.5).softmax(-1) @ vh).transpose(0, 1).flatten(1))
    return torch.cat(context)


def cross_entropy(logits, labels, weights=None, smoothing=0.0):
    return F.cross_entropy(logits, labels, weights, label_smoothing=float(smoothing))


def bce(logits, targets, pos_weight=None):
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=pos_weight)


def record(r):
    linear = lambda x, w, b: x @ w.T + b
    for name, (n, i, o) in {"small": (3, 5, 4), "odd": (7, 33, 19), "row": (1, 17, 1)}.items():
        r.case(f"linear.{name}", linear, dict(x=r.normal(n, i), w=r.normal(o, i), b=r.normal(o)))

    x = np.concatenate([np.array(TAILS, np.float32), r.normal(16)])
    r.case("gelu.tails", lambda x: F.gelu(x), dict(x=x))
    r.case("gelu_tanh.tails", lambda x: F.gelu(x, approximate="tanh"), dict(x=x))
    r.case("relu.tails", lambda x: x.relu(), dict(x=x))
    r.case("tanh.tails", lambda x: x.tanh(), dict(x=x))
    r.case("sigmoid.tails", lambda x: x.sigmoid(), dict(x=x))
    r.case("add.same", lambda a, b: a + b, dict(a=r.normal(5, 7), b=r.normal(5, 7)))
    r.case("multiply.same", lambda a, b: a * b, dict(a=r.normal(5, 7), b=r.normal(5, 7)))

    norm = lambda x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, eps.item())
    for name, (n, c, eps, scale, shift) in {
        "bert": (5, 13, 1e-12, 1, 0),
        "roberta": (3, 35, 1e-5, 1, 0),
        "shifted": (4, 24, 1e-12, 0.5, 10),
        "flat": (2, 9, 1e-5, 1e-3, 0),  # σ² of 1e-6: eps decides
    }.items():
        inputs = dict(x=r.normal(n, c, scale=scale, shift=shift), gamma=r.normal(c, shift=1), beta=r.normal(c))
        r.case(f"layer_norm.{name}", norm, inputs, eps=np.float32(eps))

    softmax = lambda x: x.softmax(-1)
    r.case("softmax.rows", softmax, dict(x=r.normal(4, 7)))
    r.case("softmax.large", softmax, dict(x=r.normal(3, 5, scale=1e4)))

    weights = np.array([2, 1.2, 1], np.float32)
    labels = np.array([2, 0, 1, 1, 2])
    logits = r.normal(5, 3, scale=2)
    r.case("cross_entropy.plain", cross_entropy, dict(logits=logits), labels=labels)
    r.case("cross_entropy.weights", cross_entropy, dict(logits=logits), labels=labels, weights=weights)
    r.case("cross_entropy.smoothing", cross_entropy, dict(logits=logits), labels=labels, smoothing=np.float32(0.2))
    both = dict(weights=weights, smoothing=np.float32(0.1))
    r.case("cross_entropy.both", cross_entropy, dict(logits=logits), labels=labels, **both)
    r.case("cross_entropy.ignored", cross_entropy, dict(logits=logits), labels=np.array([2, -100, 1, 0, -100]), **both)
    r.case("cross_entropy.large", cross_entropy, dict(logits=r.normal(5, 3, scale=1e4)), labels=labels, **both)
    r.case("cross_entropy.many", cross_entropy, dict(logits=r.normal(3, 37)), labels=np.array([36, 0, 17]))

    targets = np.array([[1, 0, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0.25, 0, 1, 0.5, 0]], np.float32)
    positive = np.array([1, 3, 0.5, 2, 10], np.float32)
    logits = r.normal(4, 5, scale=3)
    r.case("bce.plain", bce, dict(logits=logits), targets=targets)
    r.case("bce.pos_weight", bce, dict(logits=logits), targets=targets, pos_weight=positive)
    r.case("bce.large", bce, dict(logits=r.normal(4, 5, scale=200)), targets=targets, pos_weight=positive)

    starts = np.array([0, 1, 6, 13])  # lengths 1, 5, 7
    for name, scale in {"packed": 1, "peaked": 12}.items():
        inputs = dict(q=r.normal(13, 10, scale=scale), k=r.normal(13, 10), v=r.normal(13, 10))
        r.case(f"attention.{name}", attention, inputs, starts=starts, heads=np.int64(2))

    ids = np.array([3, 0, 3, 10, 7, 3, 0])
    r.case("embedding.repeated", lambda table, ids: table[ids], dict(table=r.normal(11, 6)), ids=ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    recorder = Recorder(seed=1)
    record(recorder)
    write(parser.parse_args().out, SCRIPT, recorder.values)


if __name__ == "__main__":
    main()
