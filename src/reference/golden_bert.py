"""Golden values for BERT: three small random classifiers with odd sizes, run by transformers and torch in float64.

Makes, under nn/src/test/resources/dev/merapi/nn/golden/, one folder a model with

- config.json, model.safetensors: a Hugging Face BertForSequenceClassification of three classes, dropout 0
- golden.safetensors: what it computes. Rows are the real tokens of a batch, packed (B sequences, N tokens, C channels, K classes):

      ids, type_ids, labels                [N] [N] [B]    I32; `batch.1.ids` … `batch.2.labels` are two more training batches
      starts                               [B+1]          first row of each sequence, and N
      hidden.0, hidden.1 …                 [N, C]         the embeddings' output, then each layer's
      pooled, logits                       [B, C] [B, K]
      loss                                 []             cross-entropy, class weights (2, 1.2, 1), label smoothing 0.1
      grad.<parameter>                     its shape      gradients of that loss
      losses, learning_rates, norms        [10]           ten AdamW steps on batches 0 1 2 0 1 2 …: norms are before clipping to 1
      after.<parameter>                    its shape      the weights after the ten steps

Its `__metadata__` has the schedule, the learning rate and the weight decay (applied to every parameter). Values are computed in float64 from
the float32 weights and rounded once. A bias of a key projection has no gradient (softmax ignores a shift): float32 sees noise there, AdamW
turns noise into steps of up to one learning rate, so compare `after.*.key.bias` no closer than the sum of the learning rates.
The largest deviation of torch's own float32 run from the golden values is printed: no float32 engine can be asked for less.

    python src/reference/golden_bert.py [--dest DIR]
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch.nn import CrossEntropyLoss
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LinearLR
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup
from transformers.utils import logging

from claims import ROOT

DEST = ROOT / "nn/src/test/resources/dev/merapi/nn/golden"
SCRIPT = "src/reference/golden_bert.py"
STEPS, WARMUP, WEIGHT_DECAY, MAX_NORM, CLASSES = 10, 4, 0.01, 1.0, 3


class Case(NamedTuple):
    name: str
    sizes: dict
    std: float  # of the weights; 0.02 is BERT's own, more lets errors show
    schedule: str
    lr: float
    lengths: list  # of the sequences, one list a batch
    seed: int  # one where no weight but a key bias has a gradient so near zero that AdamW magnifies float32 noise


CASES = [
    Case(
        "bert-c15-l3",
        dict(hidden_size=15, num_attention_heads=3, num_hidden_layers=3, intermediate_size=22, vocab_size=53)
        | dict(max_position_embeddings=40, hidden_act="gelu"),
        0.3,
        "linear-warmup",
        1e-3,
        [[7, 1, 40, 13], [5, 2, 9], [1, 17, 6]],
        33,
    ),
    Case(
        "bert-c26-l1",
        dict(hidden_size=26, num_attention_heads=2, num_hidden_layers=1, intermediate_size=33, vocab_size=67)
        | dict(max_position_embeddings=41, hidden_act="gelu"),
        0.02,
        "linear",
        1e-3,
        [[11, 1, 18, 2, 6], [3, 8, 4], [5, 21, 1, 9]],
        13,
    ),
    Case(
        "bert-c18-l2-gelu-new",
        dict(hidden_size=18, num_attention_heads=2, num_hidden_layers=2, intermediate_size=23, vocab_size=59)
        | dict(max_position_embeddings=43, hidden_act="gelu_new"),
        0.1,
        "linear-warmup",
        5e-3,
        [[16, 1, 23], [2, 31, 5], [8, 4, 12]],
        17,
    ),
]


class Batch(NamedTuple):
    """Padded tensors [B, T] with their mask, and the same tokens packed."""

    padded_ids: torch.Tensor
    padded_types: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor

    def packed(self, hidden):
        """[B, T, …] → the rows of real tokens [N, …]."""
        return hidden[self.mask.bool()]

    def tensors(self, prefix=""):
        starts = torch.cat([torch.zeros(1, dtype=torch.long), self.mask.sum(1).cumsum(0)])
        packed = {
            "ids": self.packed(self.padded_ids),
            "type_ids": self.packed(self.padded_types),
            "starts": starts,
            "labels": self.labels,
        }
        return {prefix + name: value.to(torch.int32) for name, value in packed.items()}


def draw_batch(lengths, vocab_size, generator):
    """Random ids (never the pad id 0), a second segment in the last third of each sequence, padded at the right."""
    shape = (len(lengths), max(lengths))
    lengths = torch.tensor(lengths)[:, None]
    position = torch.arange(shape[1])[None, :]
    mask = (position < lengths).long()
    ids = torch.randint(1, vocab_size, shape, generator=generator) * mask
    types = (position * 3 > lengths * 2).long() * mask
    return Batch(ids, types, mask, torch.randint(0, CLASSES, shape[:1], generator=generator))


def draw_model(case, generator):
    config = BertConfig(
        **case.sizes,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=CLASSES,
        attn_implementation="eager",
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(0, case.std, generator=generator)
            if name.endswith("LayerNorm.weight"):
                weight.add_(1)
    return model


def forward(model, batch):
    return model(
        input_ids=batch.padded_ids,
        token_type_ids=batch.padded_types,
        attention_mask=batch.mask,
        output_hidden_states=True,
    )


def criterion(dtype):
    return CrossEntropyLoss(torch.tensor([2, 1.2, 1], dtype=torch.float32).to(dtype), label_smoothing=0.1)


def forward_and_gradients(model, batch):
    model.eval()
    out = forward(model, batch)
    loss = criterion(model.dtype)(out.logits, batch.labels)
    model.zero_grad()
    loss.backward()
    golden = {f"hidden.{i}": batch.packed(h) for i, h in enumerate(out.hidden_states)}
    golden |= {"pooled": model.bert.pooler(out.hidden_states[-1]), "logits": out.logits, "loss": loss}
    return golden | {f"grad.{name}": weight.grad.clone() for name, weight in model.named_parameters()}


def train(model, batches, case):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=case.lr, weight_decay=WEIGHT_DECAY)
    scheduler = (
        get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
        if case.schedule == "linear"
        else LinearLR(optimizer, start_factor=1 / 3, total_iters=WARMUP)
    )
    losses, rates, norms = [], [], []
    for step in range(STEPS):
        batch = batches[step % len(batches)]
        loss = criterion(model.dtype)(forward(model, batch).logits, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        norms.append(clip_grad_norm_(model.parameters(), MAX_NORM).item())
        rates.append(scheduler.get_last_lr()[0])
        losses.append(loss.item())
        optimizer.step()
        scheduler.step()
    golden = {"losses": losses, "learning_rates": rates, "norms": norms}
    golden = {name: torch.tensor(values, dtype=torch.float64) for name, values in golden.items()}
    return golden | {f"after.{name}": weight.clone() for name, weight in model.named_parameters()}


def save(tensors, metadata, path):
    """safetensors with the metadata in a fixed order (the library's varies), so that files can be reproduced bit by bit."""
    raw = safetensors.torch.save(tensors, metadata)
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + size :])


def save_model(model, folder):
    """What save_pretrained writes, less the library's version."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(temporary)
        config = json.loads(Path(temporary, "config.json").read_text())
        config.pop("transformers_version")
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        weights = safetensors.torch.load_file(Path(temporary, "model.safetensors"))
    save(weights, {"format": "pt", "made_by": SCRIPT}, folder / "model.safetensors")


def deviation(golden, other):
    """The largest |float32 − float64| a group of values, key biases apart."""
    worst = {}
    for name, value in golden.items():
        group = name.split(".")[0] + (".key.bias" if name.endswith("key.bias") else "")
        difference = (value.double() - other[name].double()).abs().max().item()
        worst[group] = max(worst.get(group, 0.0), difference)
    return ", ".join(f"{group} {value:.1e}" for group, value in worst.items() if value)


def make(case, dest):
    generator = torch.Generator().manual_seed(case.seed)
    folder = dest / case.name
    shutil.rmtree(folder, ignore_errors=True)
    model = draw_model(case, generator)
    save_model(model, folder)
    batches = [draw_batch(lengths, case.sizes["vocab_size"], generator) for lengths in case.lengths]

    twin = draw_model(case, generator).double()
    twin.load_state_dict(model.state_dict())
    golden = forward_and_gradients(twin, batches[0]) | train(twin, batches, case)
    single = forward_and_gradients(model, batches[0]) | train(model, batches, case)
    print(f"{case.name}: {len(golden)} values; float32 deviates by {deviation(golden, single)}")
    print("  losses", [round(x, 5) for x in golden["losses"].tolist()])
    print("  norms", [round(x, 3) for x in golden["norms"].tolist()])

    tensors = {name: value.detach().float().contiguous() for name, value in golden.items()}
    for i, batch in enumerate(batches):
        tensors |= batch.tensors(f"batch.{i}." if i else "")
    metadata = {"made_by": SCRIPT, "schedule": case.schedule, "learning_rate": str(case.lr), "warmup_steps": str(WARMUP)}
    metadata |= {"total_steps": str(STEPS), "weight_decay": str(WEIGHT_DECAY), "max_grad_norm": str(MAX_NORM)}
    metadata |= {"class_weights": "2 1.2 1", "label_smoothing": "0.1"}
    save(tensors, metadata, folder / "golden.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dest", type=Path, default=DEST)
    dest = parser.parse_args().dest
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    for case in CASES:
        make(case, dest)


if __name__ == "__main__":
    main()
