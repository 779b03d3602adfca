"""Golden values for optimizers, schedules and gradient clipping, by torch and transformers.

Makes nn/src/test/resources/dev/merapi/nn/golden/optim.txt in the form of golden_text.py. The gradients need no file: at step t = 1, 2, …

    g_t[i] = sin(0.7·t + 0.3·i) · (1 + i mod 3) · scale      computed in float64, rounded to float32; scale is 1 where not recorded

    <optimizer>.<case>.<option>              lr, beta1, beta2, eps, weight_decay, momentum, dampening, nesterov (0 or 1): float64
    <optimizer>.<case>.p0, .p1, .p10, .p100  [n]   the parameters at the start and after 1, 10 and 100 steps of torch in float32
    <schedule>.<case>.<option>               warmup, total, start_factor, lr, lr_end, power, cycles
    <schedule>.<case>.multipliers            [40]  learning rate of steps 0 … 39 as a multiple of lr, float64
    clip.<case>.g0, .g1, .max_norm           the gradients of two parameters
    clip.<case>.norm, .clipped0, .clipped1   what clip_grad_norm_ returns and leaves: g · min(1, max_norm / (norm + 1e-6))

Optimizers: adamw (decoupled decay), adam (weight decay added to the gradient), sgd. Schedules: linear_lr (torch's LinearLR to 1),
linear, cosine, constant, polynomial (transformers, each after a linear warm-up from 0).

    python src/reference/golden_optim.py [--out FILE]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import transformers

from claims import ROOT
from golden_text import write

OUT = ROOT / "nn/src/test/resources/dev/merapi/nn/golden/optim.txt"
SCRIPT = "src/reference/golden_optim.py"
PARAMETERS, STEPS, KEPT = 13, 40, (1, 10, 100)
OPTIONS = ("lr", "beta1", "beta2", "eps", "weight_decay", "momentum", "dampening", "scale")  # written in float64
OPTIONS += ("start_factor", "lr_end", "power", "cycles", "max_norm", "multipliers")


def gradient(t, n, scale=1.0):
    i = np.arange(n)
    return torch.tensor((np.sin(0.7 * t + 0.3 * i) * (1 + i % 3) * scale).astype(np.float32))


def run(optimizer, options, scale=1.0):
    """Parameters after the kept steps, from a seeded start."""
    start = np.random.default_rng(3).normal(0, 0.5, PARAMETERS).astype(np.float32)
    p = torch.nn.Parameter(torch.tensor(start))
    optimizer = optimizer([p], foreach=False, **options)
    values = {"p0": start}
    for t in range(1, max(KEPT) + 1):
        p.grad = gradient(t, PARAMETERS, scale)
        optimizer.step()
        if t in KEPT:
            values[f"p{t}"] = p.detach().numpy().copy()
    return values


def optimizers():
    adam = lambda lr, b1, b2, eps, wd: dict(lr=lr, betas=(b1, b2), eps=eps, weight_decay=wd)
    cases = {
        "adamw.defaults": (torch.optim.AdamW, adam(1e-3, 0.9, 0.999, 1e-8, 0.01)),
        "adamw.other": (torch.optim.AdamW, adam(2e-2, 0.8, 0.95, 1e-6, 0.1)),
        "adamw.no_decay": (torch.optim.AdamW, adam(1e-3, 0.9, 0.98, 1e-8, 0.0)),
        "adamw.tiny_gradients": (torch.optim.AdamW, adam(1e-3, 0.9, 0.999, 1e-8, 0.01), 1e-8),
        "adam.defaults": (torch.optim.Adam, adam(1e-3, 0.9, 0.999, 1e-8, 0.0)),
        "adam.l2": (torch.optim.Adam, adam(1e-2, 0.9, 0.99, 1e-7, 0.05)),
        "sgd.plain": (torch.optim.SGD, dict(lr=1e-2)),
        "sgd.momentum": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9)),
        "sgd.decay": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9, weight_decay=0.05)),
        "sgd.dampening": (torch.optim.SGD, dict(lr=1e-2, momentum=0.8, dampening=0.3, weight_decay=0.01)),
        "sgd.nesterov": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9, nesterov=True)),
    }
    values = {}
    for name, (optimizer, options, *scale) in cases.items():
        recorded = dict(options)
        if "betas" in recorded:
            recorded["beta1"], recorded["beta2"] = recorded.pop("betas")
        recorded = {k: int(v) if isinstance(v, bool) else v for k, v in recorded.items()}
        recorded |= {"scale": scale[0]} if scale else {}
        values |= {f"{name}.{k}": v for k, v in (recorded | run(optimizer, options, *scale)).items()}
    return values


def multipliers(make, lr):
    """Learning rates of the steps 0 … 39 over the base rate."""
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"] / lr)
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def schedules():
    linear_lr = lambda o, start_factor, warmup: torch.optim.lr_scheduler.LinearLR(o, start_factor, total_iters=warmup)
    linear = lambda o, warmup, total: transformers.get_linear_schedule_with_warmup(o, warmup, total)
    cosine = lambda o, warmup, total, cycles: transformers.get_cosine_schedule_with_warmup(o, warmup, total, cycles)
    constant = lambda o, warmup: transformers.get_constant_schedule_with_warmup(o, warmup)
    polynomial = lambda o, warmup, total, lr_end, power: transformers.get_polynomial_decay_schedule_with_warmup(
        o, warmup, total, lr_end=lr_end, power=power
    )
    cases = {
        "linear_lr.four": (linear_lr, dict(start_factor=1 / 3, warmup=4)),
        "linear_lr.all": (linear_lr, dict(start_factor=1 / 3, warmup=40)),
        "linear_lr.one": (linear_lr, dict(start_factor=0.25, warmup=1)),
        "linear.warmup": (linear, dict(warmup=7, total=40)),
        "linear.past_end": (linear, dict(warmup=3, total=30)),
        "linear.no_warmup": (linear, dict(warmup=0, total=40)),
        "cosine.half": (cosine, dict(warmup=5, total=40, cycles=0.5)),
        "cosine.more": (cosine, dict(warmup=0, total=36, cycles=1.5)),
        "constant.warmup": (constant, dict(warmup=9)),
        "polynomial.square": (polynomial, dict(warmup=6, total=35, lr_end=1e-7, power=2.0)),
        "polynomial.straight": (polynomial, dict(warmup=0, total=40, lr_end=1e-5, power=1.0)),
    }
    values, lr = {}, 1e-3
    for name, (make, options) in cases.items():
        recorded = options | {"lr": lr, "multipliers": multipliers(lambda o: make(o, **options), lr)}
        values |= {f"{name}.{k}": v for k, v in recorded.items()}
    return values


def clipping():
    values = {}
    for name, (scale, max_norm) in {"over": (1, 1.0), "under": (1e-2, 1.0), "half": (3, 0.5), "zero": (0, 1.0)}.items():
        parameters = [torch.nn.Parameter(torch.zeros(n)) for n in (7, 10)]
        for t, p in enumerate(parameters, 1):
            p.grad = gradient(t, len(p), scale)
            values[f"clip.{name}.g{t - 1}"] = p.grad.numpy().copy()
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        values |= {f"clip.{name}.max_norm": max_norm, f"clip.{name}.norm": norm.numpy()}
        values |= {f"clip.{name}.clipped{i}": p.grad.numpy() for i, p in enumerate(parameters)}
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    torch.set_num_threads(1)
    wide = tuple("." + option for option in OPTIONS)
    write(parser.parse_args().out, SCRIPT, optimizers() | schedules() | clipping(), wide)


if __name__ == "__main__":
    main()
