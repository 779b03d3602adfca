"""Golden values of low precision: rounding, products under torch.autocast, whole models under it, the gradient scaler.

Makes, in the form of golden_text.py but for the digests,

- engine/…/golden/rounding.txt: SHA-256 of what `x.to(dtype).float()` makes of long lists of float32 (bits, little endian, every NaN 7fc00000):

      neighbours   every upper half of 16 bits with the lower halves LOWER: all bfloat16, their ties and what is next to both
      halves       every finite float16, the middle between it and the next larger magnitude, and the floats next to that

- engine/…/golden/precision.txt: operations under torch.autocast on the CPU, `<operation>.<dtype>.<tensor>`: operands, the gradient that
  arrives `dy`, the result `y`, gradients `d<operand>`

      linear       y = x·wᵀ + b                              x [N, I]  w [O, I]  b [O]
      attention    softmax(q·kᵀ/√D)·v of each sequence and head; q, k, v, y [N, H·D], starts [B+1]; the softmax in float32, as on CUDA

- nn/…/golden/precision.txt: classifiers of golden_models.py and golden_deberta.py under torch.autocast, `<model>.<dtype>.<value>`

      logits, loss, grad.<parameter>            of the first batch
      losses                                    of ten steps of AdamW with clipping, under a GradScaler in float16
      scales                                    of the GradScaler after each of them

  and torch.amp.GradScaler over gradients of which some are not finite, `scaler.<case>.<value>`: its settings, `bad` (steps of inf or
  nan), after each step `scales`, `trackers` and the `weights` of SGD, whose gradients are unscaled, then clipped

    python src/reference/golden_precision.py
"""

import hashlib

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy, linear
from torch.nn.utils import clip_grad_norm_
from transformers import AutoModelForSequenceClassification
from transformers.utils import logging

from claims import ROOT
from golden_models import DEST, MAX_NORM, RATE, STEPS, WEIGHT_DECAY
from golden_text import write

SCRIPT = "src/reference/golden_precision.py"
ENGINE = ROOT / "engine/src/test/resources/dev/merapi/engine/golden"
NN = ROOT / "nn/src/test/resources/dev/merapi/nn/golden"
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
LOWER = [0x0000, 0x0001, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
MODELS = ["bert-c9-l2", "roberta-c9-l2", "distilbert-c9-l2", "electra-c9-e5-l2", "mpnet-c9-l2", "deberta-c9-l2-v3", "deberta-c6-l3-conv"]


def digest(floats, dtype):
    bits = torch.from_numpy(floats).to(dtype).float().numpy().view(np.uint32).copy()
    bits[(bits & 0x7FFFFFFF) > 0x7F800000] = 0x7FC00000
    return hashlib.sha256(bits.astype("<u4").tobytes()).hexdigest()


def write_rounding(path):
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    neighbours = (upper[:, None] | np.array(LOWER, dtype=np.uint32)[None]).reshape(-1).view(np.float32)
    halves = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    halves = halves[(halves & 0x7C00) != 0x7C00]
    low = halves.view(np.float16).astype(np.float32)
    high = (halves + np.uint16(1)).view(np.float16).astype(np.float32)
    high = np.where(np.isinf(high), np.copysign(np.float32(65536), low), high)  # where the next would be
    middle = (low + high) / np.float32(2)
    down, up = (np.nextafter(middle, np.float32(to), dtype=np.float32) for to in (-np.inf, np.inf))
    halves = np.stack([low, middle, down, up], 1).reshape(-1)
    lines = [f"# made by {SCRIPT}"]
    for name, dtype in DTYPES.items():
        lines.append(f"neighbours.{name} : {digest(neighbours, dtype)}")
        lines.append(f"halves.{name} : {digest(halves, dtype)}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def attention(q, k, v, starts, heads):
    outputs = []
    for begin, end in zip(starts[:-1], starts[1:]):
        qs, ks, vs = (x[begin:end].view(end - begin, heads, -1).transpose(0, 1) for x in (q, k, v))
        scores = torch.matmul(qs, ks.transpose(1, 2)).float() * qs.shape[-1] ** -0.5
        outputs.append(torch.matmul(torch.softmax(scores, -1), vs).transpose(0, 1).reshape(end - begin, -1))
    return torch.cat(outputs)


def operations():
    generator = torch.Generator().manual_seed(5)
    normal = lambda *shape: torch.randn(shape, generator=generator)
    starts = [0, 1, 6, 17]
    cases = {
        "linear": (lambda x, w, b: linear(x, w, b), dict(x=normal(19, 33), w=normal(21, 33), b=normal(21)), normal(19, 21)),
        "attention": (lambda q, k, v: attention(q, k, v, starts, 3), {x: normal(17, 15) for x in "qkv"}, normal(17, 15)),
    }
    values = {}
    for name, (function, inputs, dy) in cases.items():
        values |= {f"{name}.{k}": x.numpy() for k, x in (inputs | {"dy": dy}).items()}
        for precision, dtype in DTYPES.items():
            leaves = {k: x.clone().requires_grad_() for k, x in inputs.items()}
            with torch.autocast("cpu", dtype):
                y = function(**leaves)
            y.backward(dy.to(y.dtype))
            values[f"{name}.{precision}.y"] = y.detach().float().numpy()
            values |= {f"{name}.{precision}.d{k}": x.grad.numpy() for k, x in leaves.items()}
    return values | {"attention.starts": np.array(starts), "attention.heads": np.array(3)}


def batch(golden, prefix=""):
    starts = golden[prefix + "starts"].tolist()
    parts = [slice(begin, end) for begin, end in zip(starts[:-1], starts[1:])]
    ids, types = golden[prefix + "ids"].long(), golden[prefix + "type_ids"].long()
    return [ids[p] for p in parts], [types[p] for p in parts], golden[prefix + "sequence.labels"]


def logits_of(model, ids, types):
    outputs = []
    for i, t in zip(ids, types):
        inputs = dict(input_ids=i[None], attention_mask=torch.ones_like(i)[None])
        if getattr(model.config, "type_vocab_size", 1) > 1:
            inputs["token_type_ids"] = t[None]
        outputs.append(model(**inputs).logits)
    return torch.cat(outputs)


def loss_of(model, ids, types, labels, dtype):
    with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
        logits = logits_of(model, ids, types)
    if labels.dtype == torch.float32:
        return logits, torch.nn.functional.mse_loss(logits.float(), labels)
    return logits, cross_entropy(logits.float(), labels.long())


def load(name):
    return AutoModelForSequenceClassification.from_pretrained(DEST / name, attn_implementation="eager").float().eval()


def kept(name):
    """Few enough for a small file, of every kind."""
    return any(part in name for part in ("layer.0.", "classifier", "rel_embeddings", "relative_attention_bias", "conv.")) and "norm" not in name.lower()


def model_values(name):
    golden = load_file(DEST / name / "golden.safetensors")
    values = {}
    truth, _ = loss_of(load(name), *batch(golden), None)
    for precision, dtype in DTYPES.items():
        model = load(name)
        logits, loss = loss_of(model, *batch(golden), dtype)
        loss.backward()
        at = f"{name}.{precision}."
        values |= {at + "logits": logits.detach().float().numpy(), at + "loss": loss.item()}
        values |= {f"{at}grad.{n}": w.grad.numpy() for n, w in model.named_parameters() if kept(n)}
        away = ((logits - truth).abs().max() / truth.abs().max()).item()
        print(f"{name} {precision}: logits {away:.1e} from float32")

        model = load(name)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        scaler = torch.amp.GradScaler("cpu", enabled=precision == "fp16")
        losses, scales = [], []
        for step in range(STEPS):
            _, loss = loss_of(model, *batch(golden, f"batch.{step % 3}." if step % 3 else ""), dtype)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            clip_grad_norm_(model.parameters(), MAX_NORM)
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
            scales.append(scaler.get_scale())
        values |= {at + "losses": np.array(losses), at + "scales": np.array(scales)}
        print("  losses", [round(x, 4) for x in losses], "scales", scales)
    return values


def scaler_values(case, init, growth, backoff, interval, bad, steps=24):
    scaler = torch.amp.GradScaler("cpu", init, growth, backoff, interval)
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    at = f"scaler.{case}."
    values = {at + "settings": np.array([init, growth, backoff, interval]), at + "bad": np.array(bad)}
    scales, trackers, weights = [], [], []
    for step in range(steps):
        scaler.scale(torch.tensor(0.0))
        gradient = torch.tensor([np.sin(0.7 * step + i) * (1 + step % 3) for i in range(3)], dtype=torch.float32)
        weight.grad = gradient * scaler.get_scale()
        if step in bad:
            weight.grad[step % 3] = [np.inf, -np.inf, np.nan][bad.index(step) % 3]
        scaler.unscale_(optimizer)
        clip_grad_norm_([weight], 1.0)
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
        trackers.append(scaler.state_dict()["_growth_tracker"])
        weights.append(weight.detach().clone().numpy())
    return values | {at + "scales": np.array(scales), at + "trackers": np.array(trackers), at + "weights": np.stack(weights)}


def main():
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    write_rounding(ENGINE / "rounding.txt")
    write(ENGINE / "precision.txt", SCRIPT, operations())
    values = {}
    for name in MODELS:
        values |= model_values(name)
    values |= scaler_values("defaults", 65536.0, 2.0, 0.5, 2000, [0, 1, 7])
    values |= scaler_values("growing", 1024.0, 2.0, 0.5, 3, [4, 5, 11, 20])
    values |= scaler_values("uneven", 100.0, 1.7, 0.3, 2, [3, 9, 10])
    values |= scaler_values("large", 2.0**125, 2.0, 0.5, 1, [12])
    write(NN / "precision.txt", SCRIPT, values)


if __name__ == "__main__":
    main()
