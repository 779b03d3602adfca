"""Golden values for optimizers, schedules and gradient clipping, by torch and transformers.

Makes nn/src/test/resources/dev/merapi/nn/golden/optim.txt in the form of golden_text.py. The gradients need no file: at step t = 1, 2, …

    g_t[i] = sin(0.7·t + 0.3·i) · (1 + i mod 3) · scale      computed in float64, rounded to float32; scale is 1 where not recorded

    <optimizer>.<case>.<option>              lr, beta1, beta2, eps, weight_decay, momentum, dampening, nesterov (0 or 1): float64
    <optimizer>.<case>.p0, .p1, .p10, .p100  [n]   the parameters at the start and after 1, 10 and 100 steps of torch in float32
    <schedule>.<case>.<option>               warmup, total, start_factor, lr, lr_end, power, cycles
    <schedule>.<case>.multipliers            [100]  learning rate of steps 0 … 99 as a multiple of lr, float64
    clip.<case>.g0, .g1, .max_norm           the gradients of two parameters
    clip.<case>.norm, .clipped0, .clipped1   what clip_grad_norm_ returns and leaves: g · min(1, max_norm / (norm + 1e-6))

    plateau.<case>.metrics, .rates           what ReduceLROnPlateau is told and the rate after each
    greedy.<case>.metrics, .rates            [100]  what transformers' GreedyLR is told and the rate after each
    average.<case>.p, .decay                 [9, n]  weights over time
    average.<case>.values                    [9, n]  torch's AveragedModel after each: with a decay exponential, else the plain mean

Optimizers: adamw (decoupled decay), adam (weight decay added to the gradient), sgd, adafactor (transformers; .rows > 1 has parameters
[rows, n / rows]), lamb (algorithm 2 of arXiv:1904.00962 written out below, in float64). Schedules: linear_lr, step, one_cycle (torch),
linear, cosine, restarts, constant, polynomial, inverse_sqrt, stable (transformers, each after a linear warm-up from 0).

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
PARAMETERS, STEPS, KEPT = 13, 100, (1, 10, 100)
OPTIONS = ("lr", "beta1", "beta2", "eps", "weight_decay", "momentum", "dampening", "scale")  # written in float64
OPTIONS += ("metrics", "rates", "gamma", "pct_start", "min_lr", "threshold", "factor", "decay")
OPTIONS += ("start_factor", "lr_end", "power", "cycles", "max_norm", "multipliers")


def gradient(t, n, scale=1.0):
    i = np.arange(n)
    return torch.tensor((np.sin(0.7 * t + 0.3 * i) * (1 + i % 3) * scale).astype(np.float32))


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, algorithm 2 with the identity as φ and bias correction."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            state, g = self.state[p], p.grad.double()
            t = state["t"] = state.get("t", 0) + 1
            w = state.setdefault("w", p.detach().double().clone())
            m = state["m"] = group["betas"][0] * state.get("m", 0) + (1 - group["betas"][0]) * g
            v = state["v"] = group["betas"][1] * state.get("v", 0) + (1 - group["betas"][1]) * g**2
            m, v = (moment / (1 - beta**t) for moment, beta in zip((m, v), group["betas"]))
            u = m / (v.sqrt() + group["eps"]) + group["weight_decay"] * w
            trust = w.norm() / u.norm() if w.norm() > 0 and u.norm() > 0 else 1.0
            w -= group["lr"] * trust * u
            p.copy_(w)


def run(optimizer, options, scale=1.0, rows=1):
    """Parameters after the kept steps, from a seeded start."""
    start = np.random.default_rng(3).normal(0, 0.5, PARAMETERS).astype(np.float32)
    if rows > 1:
        start = start[: PARAMETERS // rows * rows].reshape(rows, -1)
    p = torch.nn.Parameter(torch.tensor(start))
    plain = {} if optimizer in (Lamb, transformers.Adafactor) else {"foreach": False}
    optimizer = optimizer([p], **plain, **options)
    values = {"p0": start}
    for t in range(1, max(KEPT) + 1):
        p.grad = gradient(t, start.size, scale).reshape(start.shape)
        optimizer.step()
        if t in KEPT:
            values[f"p{t}"] = p.detach().numpy().copy()
    return values


def optimizers():
    factor = lambda lr, wd, scaled: dict(lr=lr, weight_decay=wd, scale_parameter=scaled, relative_step=False)
    adam = lambda lr, b1, b2, eps, wd: dict(lr=lr, betas=(b1, b2), eps=eps, weight_decay=wd)
    cases = {
        "adamw.defaults": (torch.optim.AdamW, adam(1e-3, 0.9, 0.999, 1e-8, 0.01)),
        "adamw.other": (torch.optim.AdamW, adam(2e-2, 0.8, 0.95, 1e-6, 0.1)),
        "adamw.no_decay": (torch.optim.AdamW, adam(1e-3, 0.9, 0.98, 1e-8, 0.0)),
        "adamw.tiny_gradients": (torch.optim.AdamW, adam(1e-3, 0.9, 0.999, 1e-8, 0.01), 1e-8),
        "adam.defaults": (torch.optim.Adam, adam(1e-3, 0.9, 0.999, 1e-8, 0.0)),
        "adam.l2": (torch.optim.Adam, adam(1e-2, 0.9, 0.99, 1e-7, 0.05)),
        "lamb.defaults": (Lamb, adam(1e-3, 0.9, 0.999, 1e-6, 0.01)),
        "lamb.other": (Lamb, adam(2e-2, 0.8, 0.95, 1e-8, 0.0)),
        "adafactor.vector": (transformers.Adafactor, factor(1e-3, 0.0, False)),
        "adafactor.scaled": (transformers.Adafactor, factor(1e-2, 0.01, True)),
        "adafactor.matrix": (transformers.Adafactor, factor(1e-2, 0.05, True), 1.0, 3),
        "adafactor.plain_matrix": (transformers.Adafactor, factor(1e-3, 0.0, False), 1.0, 4),
        "sgd.plain": (torch.optim.SGD, dict(lr=1e-2)),
        "sgd.momentum": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9)),
        "sgd.decay": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9, weight_decay=0.05)),
        "sgd.dampening": (torch.optim.SGD, dict(lr=1e-2, momentum=0.8, dampening=0.3, weight_decay=0.01)),
        "sgd.nesterov": (torch.optim.SGD, dict(lr=1e-2, momentum=0.9, nesterov=True)),
    }
    values = {}
    for name, (optimizer, options, *scale) in cases.items():
        recorded = dict(options) | ({"rows": scale[1]} if len(scale) > 1 else {})
        if "betas" in recorded:
            recorded["beta1"], recorded["beta2"] = recorded.pop("betas")
        recorded = {k: int(v) if isinstance(v, bool) else v for k, v in recorded.items()}
        recorded |= {"scale": scale[0]} if scale else {}
        values |= {f"{name}.{k}": v for k, v in (recorded | run(optimizer, options, *scale)).items()}
    return values


COSINE_WARMUP = transformers.optimization.get_cosine_with_min_lr_schedule_with_warmup_lr_rate


def multipliers(make, lr):
    """Learning rates of the steps 0 … 99 over the base rate."""
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
        "linear_lr.all": (linear_lr, dict(start_factor=1 / 3, warmup=60)),
        "linear_lr.one": (linear_lr, dict(start_factor=0.25, warmup=1)),
        "linear.warmup": (linear, dict(warmup=7, total=100)),
        "linear.past_end": (linear, dict(warmup=3, total=70)),
        "linear.no_warmup": (linear, dict(warmup=0, total=100)),
        "cosine.half": (cosine, dict(warmup=5, total=100, cycles=0.5)),
        "cosine.more": (cosine, dict(warmup=0, total=90, cycles=1.5)),
        "constant.warmup": (constant, dict(warmup=9)),
        "step.usual": (torch.optim.lr_scheduler.StepLR, dict(step_size=7, gamma=0.3)),
        "restarts.usual": (transformers.get_cosine_with_hard_restarts_schedule_with_warmup, dict(warmup=4, total=97, num_cycles=3)),
        "cosine.least": (transformers.get_cosine_with_min_lr_schedule_with_warmup, dict(warmup=3, total=90, min_lr=1e-4)),
        "inverse_sqrt.warmup": (transformers.get_inverse_sqrt_schedule, dict(warmup=6)),
        "inverse_sqrt.none": (transformers.get_inverse_sqrt_schedule, dict(warmup=0)),
        "cosine_warmup.usual": (COSINE_WARMUP, dict(warmup=4, total=90, min_lr_rate=0.2)),
        "cosine_warmup.share": (COSINE_WARMUP, dict(warmup=5, total=100, min_lr=2e-4, warmup_lr_rate=0.25, num_cycles=1.0)),
        "inverse_sqrt.scale": (transformers.get_inverse_sqrt_schedule, dict(warmup=6, timescale=20)),
        "stable.root": (
            transformers.get_wsd_schedule,
            dict(warmup=5, num_decay_steps=9, total=90, warmup_type="1-sqrt", decay_type="1-sqrt", min_lr_ratio=0.1),
        ),
        "stable.linear": (
            transformers.get_wsd_schedule,
            dict(warmup=6, num_decay_steps=12, total=95, warmup_type="cosine", decay_type="linear", min_lr_ratio=0.05),
        ),
        "stable.usual": (transformers.get_wsd_schedule, dict(warmup=5, num_decay_steps=9, total=90)),
        "polynomial.square": (polynomial, dict(warmup=6, total=85, lr_end=1e-7, power=2.0)),
        "polynomial.straight": (polynomial, dict(warmup=0, total=100, lr_end=1e-5, power=1.0)),
    }
    values, lr = {}, 1e-3
    names = {"warmup": "num_warmup_steps", "total": "num_training_steps"}
    for name, (make, options) in cases.items():
        if make not in (linear_lr, linear, cosine, constant, polynomial):
            function, given = make, {names.get(k, k): v for k, v in options.items()}
            make = lambda o, **_: function(o, **given)
        numbers = {k: v for k, v in options.items() if not isinstance(v, str)}
        recorded = numbers | {"lr": lr, "multipliers": multipliers(lambda o: make(o, **options), lr)}
        values |= {f"{name}.{k}": v for k, v in recorded.items()}
    return values


def one_cycle():
    """Its base rate is the initial one, so the rates are recorded as multiples of the highest."""
    values = {}
    for name, options in {"usual": dict(pct_start=0.3, total_steps=100), "late": dict(pct_start=0.5, total_steps=101, div_factor=10.0)}.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, cycle_momentum=False, **options)
        rates = []
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        values[f"one_cycle.{name}.multipliers"] = np.array(rates)
    return values


def plateau():
    values = {}
    metrics = [3.0, 2.0, 2.0, 2.5, 1.9999, 1.5, 1.5, 1.6, 1.7, 1.8, 1.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    for name, options in {
        "min": dict(mode="min", factor=0.5, patience=1, threshold=1e-3, cooldown=0, min_lr=0.0),
        "cooldown": dict(mode="min", factor=0.1, patience=0, threshold=1e-4, cooldown=2, min_lr=1e-5),
        "max": dict(mode="max", factor=0.3, patience=2, threshold=1e-2, cooldown=1, min_lr=0.0),
        "abs": dict(mode="min", factor=0.5, patience=0, threshold=0.3, cooldown=0, min_lr=0.0, threshold_mode="abs", eps=2e-5),
    }.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        told, rates = [m if options["mode"] == "min" else 4 - m for m in metrics], []
        for metric in told:
            scheduler.step(metric)
            rates.append(optimizer.param_groups[0]["lr"])
        recorded = {k: v for k, v in options.items() if k not in ("mode", "threshold_mode")} | {"metrics": np.array(told), "rates": np.array(rates)}
        values |= {f"plateau.{name}.{k}": v for k, v in recorded.items()}
    return values


def greedy():
    """A metric that falls, rests, rises and falls again, with noise."""
    values = {}
    noise = np.random.default_rng(7).normal(0, 1, 100)
    told = np.concatenate([np.linspace(3, 1, 30), np.full(25, 1.0), np.linspace(1, 2, 20), np.linspace(2, 0.2, 25)])
    for name, options in {
        "usual": dict(mode="min", min_lr=1e-5),
        "min": dict(mode="min", factor=0.7, patience=2, threshold=1e-3, cooldown=2, warmup=3, min_lr=4e-4, max_lr=5e-3, reset_start=3),
        "max": dict(mode="max", factor=0.8, patience=1, threshold=1e-2, threshold_mode="rel", cooldown=1, min_lr=1e-6, max_lr=1e-2),
        "smooth": dict(mode="min", factor=0.9, patience=1, smooth=True, window_size=6, min_lr=8e-4, reset_start=2, eps=1e-5),
        "high_floor": dict(mode="min", patience=2, reset_start=4),
    }.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=9e-4)
        scheduler = transformers.GreedyLR(optimizer, **options)
        metrics, rates = told + 0.05 * noise if name in ("smooth", "max") else told, []
        metrics = 4 - metrics if options["mode"] == "max" else metrics
        for metric in metrics:
            scheduler.step(float(metric))
            rates.append(optimizer.param_groups[0]["lr"])
        values |= {f"greedy.{name}.metrics": np.array(metrics), f"greedy.{name}.rates": np.array(rates)}
    return values


def averages():
    values = {}
    weights = np.random.default_rng(5).normal(0, 1, (9, 7)).astype(np.float32)
    for name, options in {"ema": dict(multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)), "swa": {}}.items():
        model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(7))])
        average, kept = torch.optim.swa_utils.AveragedModel(model, **options), []
        for row in weights:
            with torch.no_grad():
                model[0].copy_(torch.tensor(row))
            average.update_parameters(model)
            kept.append(average.module[0].detach().numpy().copy())
        values |= {f"average.{name}.p": weights, f"average.{name}.values": np.array(kept)}
    return values | {"average.ema.decay": 0.9}


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
    write(parser.parse_args().out, SCRIPT, optimizers() | schedules() | one_cycle() | plateau() | greedy() | averages() | clipping(), wide)


if __name__ == "__main__":
    main()
