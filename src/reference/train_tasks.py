"""The PyTorch peers of `merapi train multilabel`, `span-extraction` and `ordinal`, written the usual PyTorch way: rows are shuffled,
a batch is padded to its longest row, attention gets a mask, gradients are clipped at 1.0.

| task | data | loss | optimizer | schedule |
|---|---|---|---|---|
| emotions | `../shared/data/emotions` | BCE with logits | AdamW 0.01, no decay for biases and norms | 10 % warm-up, linear to 0 |
| tweets | `task_data.py`'s tweets | CE(start) + CE(end) + scale · distance | AdamW 0.01 | 10 % warm-up, cosine to 0 |
| reviews | `task_data.py`'s reviews | CORN | Adam | constant |

    python src/reference/task_data.py SPLITS
    python src/reference/train_tasks.py emotions --model MODELS/all-MiniLM-L6-v2 --seed 42
    python src/reference/train_tasks.py tweets --model MODELS/all-MiniLM-L6-v2 --data SPLITS --distance-scale 1
    python src/reference/train_tasks.py reviews --model MODELS/all-MiniLM-L6-v2 --data SPLITS --max-steps 40    # rows/s only

`--parts 3` spares padding where only the metrics of emotions or reviews are asked for: a batch's rows go through the model in three
parts of like lengths, and the loss, over all of them, is the same.

Prints a JSON line an epoch: times cover training alone, neither tokenization nor evaluation.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Callable, NamedTuple

import torch
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, mean_absolute_error
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, logsigmoid
from torch.nn.utils import clip_grad_norm_
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    get_constant_schedule,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.utils import logging

from task_data import DATA, read

EMOTIONS = ["anger", "fear", "joy", "sadness", "surprise"]
STARS = ["1", "2", "3", "4", "5"]


class Task(NamedTuple):
    """What makes one task different from another."""

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    schedule: Callable  # of optimizer, warm-up steps, all steps
    train: list  # of rows: the tokenizer's output, and what the loss wants
    dev: list
    loss: Callable  # of the model's output and the batch's rows
    metrics: Callable  # of the model's outputs for the rows of dev


def emotions(args, tokenizer):
    def rows(name):
        table = read(Path(args.data or DATA / "emotions") / f"{name}.csv")
        inputs = tokenizer([r["text"] for r in table], truncation=True, max_length=args.max_length)
        return [{"inputs": item(inputs, i), "labels": [float(r[e]) for e in EMOTIONS]} for i, r in enumerate(table)]

    def loss(output, batch):
        return binary_cross_entropy_with_logits(output.logits, torch.tensor([row["labels"] for row in batch]))

    def metrics(outputs, dev):
        decided = [(output.logits[0] > 0).int().tolist() for output in outputs]  # a probability over one half
        expected = [[int(label) for label in row["labels"]] for row in dev]
        return {
            "macro_f1": f1_score(expected, decided, average="macro", zero_division=0),
            "micro_f1": f1_score(expected, decided, average="micro", zero_division=0),
        }

    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=len(EMOTIONS))
    exempt = lambda name: name.endswith("bias") or "LayerNorm" in name
    groups = [
        {"params": [p for n, p in model.named_parameters() if not exempt(n)], "weight_decay": 0.01},
        {"params": [p for n, p in model.named_parameters() if exempt(n)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=args.lr)
    return Task(model, optimizer, get_linear_schedule_with_warmup, rows("train"), rows("dev"), loss, metrics)


def tweets(args, tokenizer):
    def rows(name):
        table = read(Path(args.data) / f"tweets-{name}.csv")
        inputs = tokenizer(
            [r["sentiment"] for r in table], [r["text"] for r in table],
            truncation="only_second", max_length=args.max_length, return_offsets_mapping=True,
        )  # fmt: skip
        return [located(r, inputs, i) for i, r in enumerate(table)]

    def located(row, inputs, i):
        """The first and last token that share a character with the selection."""
        text, begin = row["text"], row["text"].index(row["selected_text"])
        end = begin + len(row["selected_text"])
        offsets, sequences = inputs["offset_mapping"][i], inputs.sequence_ids(i)
        own = [t for t, s in enumerate(sequences) if s == 1]
        part = [t for t in own if offsets[t][0] < end and offsets[t][1] > begin] or [-100]
        words = {"text": text, "selected": row["selected_text"], "offsets": offsets, "own": own}
        return {"inputs": item(inputs, i), "first": part[0], "last": part[-1]} | words

    def loss(output, batch):
        first = torch.tensor([row["first"] for row in batch])
        last = torch.tensor([row["last"] for row in batch])
        sides = cross_entropy(output.start_logits, first) + cross_entropy(output.end_logits, last)
        if not args.distance_scale:
            return sides
        places = torch.arange(output.start_logits.shape[1]) / args.max_length
        position = lambda logits: (logits.softmax(-1) * places).sum(-1)
        true = ((last - first) / args.max_length).mean()
        predicted = (position(output.end_logits) - position(output.start_logits)).mean()
        return sides - args.distance_scale * torch.log(1 - (true - predicted).abs())

    def decode(output, row):
        """The tokens i ≤ j of the text with the largest start[i] + end[j]."""
        start, end = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        own = row["own"]
        i, j = max(((i, j) for a, i in enumerate(own) for j in own[a:]), key=lambda p: start[p[0]] + end[p[1]])
        return row["text"][row["offsets"][i][0] : row["offsets"][j][1]]

    def metrics(outputs, dev):
        said = [decode(output, row) for output, row in zip(outputs, dev)]
        overlaps = [jaccard(row["selected"], part) for part, row in zip(said, dev)]
        exact = [row["selected"].strip() == part.strip() for part, row in zip(said, dev)]
        return {"jaccard": sum(overlaps) / len(dev), "exact_match": sum(exact) / len(dev)}

    model = AutoModelForQuestionAnswering.from_pretrained(args.model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    return Task(model, optimizer, get_cosine_schedule_with_warmup, rows("train"), rows("dev"), loss, metrics)


def reviews(args, tokenizer):
    def rows(name):
        table = read(Path(args.data) / f"reviews-{name}.csv")
        inputs = tokenizer([r["TEXT_COLUMN_NAME"] for r in table], truncation=True, max_length=args.max_length)
        return [{"inputs": item(inputs, i), "label": int(r["LABEL_COLUMN_NAME"]) - 1} for i, r in enumerate(table)]

    def loss(output, batch):
        """CORN: task i learns from the rows with y > i − 1 alone; the mean over all (row, task) pairs."""
        y = torch.tensor([row["label"] for row in batch])
        total, pairs = 0.0, 0
        for i in range(len(STARS) - 1):
            asked = y > i - 1
            over = (y[asked] > i).float()
            z = output.logits[asked, i]
            total = total - (logsigmoid(z) * over + (logsigmoid(z) - z) * (1 - over)).sum()
            pairs += len(z)
        return total / pairs

    def metrics(outputs, dev):
        said = [int((output.logits[0].sigmoid().cumprod(0) > 0.5).sum()) for output in outputs]
        expected = [row["label"] for row in dev]
        return {
            "mae": mean_absolute_error(expected, said),
            "rmse": math.sqrt(sum((a - b) ** 2 for a, b in zip(expected, said)) / len(said)),
            "accuracy": accuracy_score(expected, said),
            "quadratic_kappa": cohen_kappa_score(expected, said, weights="quadratic"),
        }

    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=len(STARS) - 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    constant = lambda optimizer, warmup, total: get_constant_schedule(optimizer)
    return Task(model, optimizer, constant, rows("train"), rows(args.evaluate), loss, metrics)


TASKS = {  # function, epochs, batch size, learning rate, most tokens
    "emotions": (emotions, 3, 16, 1e-4, 128),
    "tweets": (tweets, 1, 32, 9e-5, 128),
    "reviews": (reviews, 1, 12, 5e-5, 512),
}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--model", required=True, help="Hugging Face folder of an encoder")
    parser.add_argument("--data", help="folder of task_data.py's files; of emotions, train.csv and dev.csv")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--distance-scale", type=float, default=0.0, help="weight of the distance loss (tweets)")
    parser.add_argument("--evaluate", choices=["dev", "test"], default="test", help="the part to evaluate on (reviews)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", type=int, default=1, help="parts of like lengths that a batch is computed in")
    parser.add_argument("--max-steps", type=int, help="stop after so many steps and print the speed, without evaluation")
    args = parser.parse_args()
    if args.task != "emotions" and not args.data:
        parser.error("--data: the folder that task_data.py wrote")
    if args.task == "tweets" and args.parts > 1:
        parser.error("--parts: the spans' softmax is over the padding too, as usual; it has to be that of the whole batch")
    _, *usual = TASKS[args.task]
    for name, value in zip(("epochs", "batch_size", "lr", "max_length"), usual):
        if getattr(args, name) is None:
            setattr(args, name, value)
    return args


def item(inputs, i):
    return {name: inputs[name][i] for name in ("input_ids", "token_type_ids", "attention_mask") if name in inputs}


def jaccard(one, other):
    """Word-level, as the competition computes it."""
    a, b = set(one.lower().split()), set(other.lower().split())
    return len(a & b) / len(a | b) if a or b else 0.5


def forward(model, rows, tokenizer):
    """Pads to the longest row: input_ids, token_type_ids, attention_mask [B, T]."""
    return model(**tokenizer.pad([row["inputs"] for row in rows], padding="longest", return_tensors="pt"))


def forward_parts(model, rows, tokenizer, parts):
    """The rows in order of length with the model's logits for them, padded part by part."""
    ordered = sorted(rows, key=lambda row: len(row["inputs"]["input_ids"]))
    size = -(-len(ordered) // parts)
    outputs = [forward(model, ordered[at : at + size], tokenizer) for at in range(0, len(ordered), size)]
    return SequenceClassifierOutput(logits=torch.cat([output.logits for output in outputs])), ordered


@torch.inference_mode()
def evaluate(task, tokenizer):
    task.model.eval()
    return task.metrics([forward(task.model, [row], tokenizer) for row in task.dev], task.dev)


def main():
    args = options()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)  # the new head's weights and the dropout
    shuffle = random.Random(args.seed)

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    task = TASKS[args.task][0](args, tokenizer)
    total = -(-len(task.train) // args.batch_size) * args.epochs
    scheduler = task.schedule(task.optimizer, round(0.1 * total), total)

    step = 0
    for epoch in range(1, args.epochs + 1):
        task.model.train()
        order = shuffle.sample(task.train, len(task.train))
        losses, rows, tokens, started = [], 0, 0, time.perf_counter()
        for at in range(0, len(order), args.batch_size):
            batch = order[at : at + args.batch_size]
            if args.parts > 1:
                loss = task.loss(*forward_parts(task.model, batch, tokenizer, args.parts))
            else:
                loss = task.loss(forward(task.model, batch, tokenizer), batch)
            task.optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(task.model.parameters(), 1.0)
            task.optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            rows += len(batch)
            tokens += sum(len(row["inputs"]["input_ids"]) for row in batch)
            step += 1
            if step == args.max_steps:
                break
        seconds = time.perf_counter() - started
        line = {
            "epoch": epoch,
            "steps": step,
            "loss": sum(losses) / len(losses),
            "seconds": round(seconds, 2),
            "rows_per_second": rows / seconds,
            "tokens_per_second": tokens / seconds,
        }
        if step != args.max_steps:
            line |= evaluate(task, tokenizer)
        print(json.dumps(line), flush=True)
        if step == args.max_steps:
            break


if __name__ == "__main__":
    main()
