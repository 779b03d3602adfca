"""The PyTorch peer of `merapi train pair-classification --format claims`: fine-tunes a BERT cross-encoder on climate claims.

Same data, batch size, loss, optimizer and schedule as ours, written the usual PyTorch way: a batch is padded to its longest pair,
attention gets a mask, AdamW updates every parameter. Prints one JSON line an epoch; times cover training alone, neither
tokenization nor evaluation.

    python src/reference/train_claims.py --model MODELS/all-MiniLM-L6-v2 --seed 0 --epochs 3
    python src/reference/train_claims.py --model MODELS/all-MiniLM-L6-v2 --threads 2 --max-steps 40     # rows/s only

`--parts 3` spares padding where only the metrics are asked for: a batch's pairs go through the model in three parts of like
lengths, and the loss, over all of them, is the same. (Half of what a whole batch computes is padding.)
"""

import argparse
import json
import time

import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.nn import CrossEntropyLoss
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LinearLR
from transformers import AutoTokenizer, BertForSequenceClassification, get_linear_schedule_with_warmup
from transformers.utils import logging

from claims import DATA, LABELS, read_pairs


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="Hugging Face folder of a BERT encoder")
    parser.add_argument("--train", default=DATA / "train-claims.json")
    parser.add_argument("--dev", default=DATA / "dev-claims.json")
    parser.add_argument("--evidence", default=DATA / "evidence.json")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=24)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--schedule", choices=["linear-warmup", "linear"], default="linear-warmup")
    parser.add_argument("--warmup-ratio", type=float, default=0.1, help="warm-up steps as a share of all steps")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--no-decay-biases", action="store_true", help="no weight decay on biases and LayerNorm")
    parser.add_argument("--class-weights", type=float, nargs=3, default=[2.0, 1.2, 1.0], metavar="W")
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--max-grad-norm", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-steps", type=int, help="stop after so many steps and print the speed, without evaluation")
    parser.add_argument("--parts", type=int, default=1, help="parts of like lengths that a batch is computed in")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--fused", action="store_true", help="the fused AdamW (PyTorch's default is not)")
    return parser.parse_args()


def collate(features, tokenizer):
    """Pads to the longest pair of the batch: input_ids, token_type_ids, attention_mask [B, T], labels [B]."""
    labels = torch.tensor([f["labels"] for f in features])
    inputs = [{k: v for k, v in f.items() if k != "labels"} for f in features]
    return dict(tokenizer.pad(inputs, padding="longest", return_tensors="pt")), labels


def forward(model, features, tokenizer, parts):
    """logits and labels of a batch, pairs ordered by length and padded part by part."""
    ordered = sorted(features, key=lambda f: len(f["input_ids"]))
    size = -(-len(ordered) // parts)
    padded = [collate(ordered[at : at + size], tokenizer) for at in range(0, len(ordered), size)]
    return torch.cat([model(**inputs).logits for inputs, _ in padded]), torch.cat([labels for _, labels in padded])


def encode(pairs, tokenizer, max_length):
    rows = tokenizer(
        [p.text for p in pairs], [p.pair for p in pairs], truncation="longest_first", max_length=max_length
    )
    return [{k: rows[k][i] for k in rows} | {"labels": p.label} for i, p in enumerate(pairs)]


def parameter_groups(model, weight_decay, no_decay_biases):
    if not no_decay_biases:
        return [{"params": list(model.parameters()), "weight_decay": weight_decay}]
    exempt = lambda name: name.endswith("bias") or "LayerNorm" in name
    return [
        {"params": [p for n, p in model.named_parameters() if not exempt(n)], "weight_decay": weight_decay},
        {"params": [p for n, p in model.named_parameters() if exempt(n)], "weight_decay": 0.0},
    ]


def schedule(name, optimizer, warmup, total):
    if name == "linear":
        return get_linear_schedule_with_warmup(optimizer, warmup, total)
    return LinearLR(optimizer, start_factor=1 / 3, total_iters=max(1, warmup))


@torch.inference_mode()
def evaluate(model, rows, tokenizer, batch_size):
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
    labels, predictions = [], []
    for at in range(0, len(order), batch_size):
        inputs, expected = collate([rows[i] for i in order[at : at + batch_size]], tokenizer)
        labels += expected.tolist()
        predictions += model(**inputs).logits.argmax(-1).tolist()
    return {
        "dev_accuracy": accuracy_score(labels, predictions),
        "dev_macro_f1": f1_score(labels, predictions, average="macro"),
        "dev_micro_f1": f1_score(labels, predictions, average="micro"),
    }


def main():
    args = options()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)  # the new head's weights and the dropout
    shuffle = torch.Generator().manual_seed(args.seed)

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = BertForSequenceClassification.from_pretrained(
        args.model, num_labels=len(LABELS), attn_implementation=args.attention
    )
    train = encode(read_pairs(args.train, args.evidence), tokenizer, args.max_length)
    dev = encode(read_pairs(args.dev, args.evidence), tokenizer, args.max_length)

    total = -(-len(train) // args.batch_size) * args.epochs
    criterion = CrossEntropyLoss(torch.tensor(args.class_weights), label_smoothing=args.label_smoothing)
    optimizer = torch.optim.AdamW(
        parameter_groups(model, args.weight_decay, args.no_decay_biases), lr=args.lr, fused=args.fused or None
    )
    scheduler = schedule(args.schedule, optimizer, round(total * args.warmup_ratio), total)

    step = 0
    for epoch in range(1, args.epochs + 1):
        model.train()
        order = torch.randperm(len(train), generator=shuffle).tolist()
        losses, rows, tokens, started = [], 0, 0, time.perf_counter()
        for at in range(0, len(order), args.batch_size):
            batch = [train[i] for i in order[at : at + args.batch_size]]
            loss = criterion(*forward(model, batch, tokenizer, args.parts))
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(model.parameters(), args.max_grad_norm)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            rows += len(batch)
            tokens += sum(len(f["input_ids"]) for f in batch)  # real tokens, not padding
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
            line |= evaluate(model, dev, tokenizer, args.batch_size)
        print(json.dumps(line), flush=True)
        if step == args.max_steps:
            break


if __name__ == "__main__":
    main()
