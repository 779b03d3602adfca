"""Trains here and in PyTorch, step by step alike, and compares the losses and gradients' norms of every step.

Both start from the same folder, new head included, see the same batches in the same order, and drop nothing, so that nothing is left to
chance: what differs is rounding. Batches are drawn by Philox 4×32-10 as in `dev.merapi.engine.kernel.Philox`, repeated here.

    python src/reference/compare_training.py --model MODELS/all-MiniLM-L6-v2 --max-steps 40
    python src/reference/compare_training.py --model MODELS/all-MiniLM-L6-v2 --task reviews     # or emotions

Claims have a warm-up, the other tasks a constant learning rate, all have clipping, and the optimizers of `train_claims.py` and `train_tasks.py`.
Ends with a verdict and exit code 0 or 1.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn import CrossEntropyLoss
from torch.nn.utils import clip_grad_norm_
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers.utils import logging

import task_data
from bench_tasks import COMMON, OURS
from claims import DATA, ROOT, read_pairs
from train_claims import collate, encode, schedule
from train_tasks import TASKS, forward

BATCH, RATE, WEIGHTS = 24, 5e-5, [2.0, 1.2, 1.0]
LOSS, NORM = 1e-5, 1e-4  # the most that losses and, relatively, norms may differ by
WORD, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
PERMUTATION = -3 & WORD  # last word of the counter


def philox(c0, c1, c2, c3, key):
    k0, k1 = key & WORD, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & WORD, (p0 >> 32) ^ c3 ^ k1, p0 & WORD
        k0, k1 = k0 + 0x9E3779B9 & WORD, k1 + 0xBB67AE85 & WORD
    return c0, c1, c2, c3


def permutation(n, seed, epoch):
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        high, low, *_ = philox(i, 0, epoch, PERMUTATION, seed & LONG)
        j = ((high << 32 | low) * (i + 1)) >> 64
        order[i], order[j] = order[j], order[i]
    return order


def command(args, start, output, options, data):
    if args.task != "claims":
        usual = re.sub(r"--lr-scheduler-type \w+", "--lr-scheduler-type constant", OURS[args.task] + COMMON)
        usual = re.sub(r"--learning-rate \S+", "", usual)
        names = dict(data=data, model=start, output=output, seed=args.seed, threads=args.threads)
        return f"{args.merapi} train {usual.format_map(names)} --logging-steps 1 {options}"
    return (
        f"{args.merapi} train pair-classification --format claims --model {start} --train {DATA}/train-claims.json"
        f" --dev {DATA}/dev-claims.json --evidence {DATA}/evidence.json --output-dir {output} --seed {args.seed}"
        f" --per-device-train-batch-size {BATCH} --class-weights {','.join(map(str, WEIGHTS))} --max-length 512"
        f" --weight-decay 0.01 --threads {args.threads} --logging-steps 1 --json {options}"
    )


def steps(line):
    """Runs our command: (loss, gradient norm) of each step."""
    result = subprocess.run(shlex.split(line), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"exit code {result.returncode}: {line}\n{result.stdout}{result.stderr}")
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return [(line["train_loss"], line["gradient_norm"]) for line in lines if line["event"] == "step"]


def claims(args, start):
    tokenizer = AutoTokenizer.from_pretrained(start)
    model = BertForSequenceClassification.from_pretrained(start, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model.train()
    train = encode(read_pairs(DATA / "train-claims.json", DATA / "evidence.json"), tokenizer, 512)
    order = permutation(len(train), args.seed, 1)
    criterion = CrossEntropyLoss(torch.tensor(WEIGHTS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    scheduler = schedule("linear-warmup", optimizer, args.max_steps // 2, args.max_steps)
    for step in range(args.max_steps):
        inputs, labels = collate([train[i] for i in order[step * BATCH : (step + 1) * BATCH]], tokenizer)
        loss = criterion(model(**inputs).logits, labels)
        optimizer.zero_grad()
        loss.backward()
        norm = clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        yield loss.item(), float(norm)


def task(args, start, data):
    """A task of train_tasks.py, its rows in our order."""
    build, _, batch, rate, longest = TASKS[args.task]
    tokenizer = AutoTokenizer.from_pretrained(start)
    settings = argparse.Namespace(model=start, data=data, lr=rate, max_length=longest, distance_scale=0.0, evaluate="test")
    task = build(settings, tokenizer)
    for module in task.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    task.model.train()
    order = permutation(len(task.train), args.seed, 1)
    for step in range(args.max_steps):
        rows = [task.train[i] for i in order[step * batch : (step + 1) * batch]]
        loss = task.loss(forward(task.model, rows, tokenizer), rows)
        task.optimizer.zero_grad()
        loss.backward()
        norm = clip_grad_norm_(task.model.parameters(), 1.0)
        task.optimizer.step()
        yield loss.item(), float(norm)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="Hugging Face folder of a BERT encoder")
    parser.add_argument("--task", choices=["claims", "emotions", "reviews"], default="claims")
    parser.add_argument("--max-steps", type=int, default=40, help="at most an epoch")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    args = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        data = DATA.parent / args.task
        if args.task == "reviews":
            data = Path(folder) / "data"
            data.mkdir()
            task_data.reviews(data)
        start, end = Path(folder) / "start", Path(folder) / "end"
        steps(command(args, args.model, start, "--learning-rate 0 --max-steps 1", data))  # the encoder under a new head
        rate, warmup = (RATE, f"--warmup-steps {args.max_steps // 2}") if args.task == "claims" else (TASKS[args.task][3], "")
        ours = steps(command(args, start, end, f"--learning-rate {rate} --max-steps {args.max_steps} {warmup} --dropout 0", data))
        theirs = claims(args, start) if args.task == "claims" else task(args, start, data)
        worst = [0.0, 0.0]
        for step, ((loss, norm), (peer_loss, peer_norm)) in enumerate(zip(ours, theirs, strict=True), 1):
            print(f"step {step:3}  loss {loss:.7f} {peer_loss:.7f}  norm {norm:.6f} {peer_norm:.6f}", flush=True)
            worst = [max(worst[0], abs(loss - peer_loss)), max(worst[1], abs(norm / peer_norm - 1))]
    fine = worst[0] <= LOSS and worst[1] <= NORM
    print(f"{'equal' if fine else 'DIFFERENT'}: losses within {worst[0]:.1e}, norms within {worst[1]:.1e} of PyTorch's")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
