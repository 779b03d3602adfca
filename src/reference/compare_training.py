"""Trains on the claims here and in PyTorch, step by step alike, and compares the losses and gradients' norms of every step.

Both start from the same folder, new head included, see the same batches in the same order, and drop nothing, so that nothing is left to
chance: what differs is rounding. Batches are drawn by Philox 4×32-10 as in `dev.merapi.engine.kernel.Philox`, repeated here.

    python src/reference/compare_training.py --model MODELS/all-MiniLM-L6-v2 --max-steps 40

Ends with a verdict and exit code 0 or 1.
"""

import argparse
import json
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

from claims import DATA, ROOT, read_pairs
from train_claims import collate, encode, schedule

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


def merapi(args, start, output, options):
    command = (
        f"{args.merapi} train pair-classification --format claims --model {start} --train {DATA}/train-claims.json"
        f" --dev {DATA}/dev-claims.json --evidence {DATA}/evidence.json --output-dir {output} --seed {args.seed}"
        f" --per-device-train-batch-size {BATCH} --class-weights {','.join(map(str, WEIGHTS))} --max-length 512"
        f" --weight-decay 0.01 --threads {args.threads} --logging-steps 1 --json {options}"
    )
    result = subprocess.run(shlex.split(command), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"exit code {result.returncode}: {command}\n{result.stdout}{result.stderr}")
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return [(line["train_loss"], line["gradient_norm"]) for line in lines if line["event"] == "step"]


def pytorch(args, start):
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="Hugging Face folder of a BERT encoder")
    parser.add_argument("--max-steps", type=int, default=40, help="at most an epoch, 156")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    args = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        merapi(args, args.model, start, "--learning-rate 0 --max-steps 1")  # the encoder under a new head, as it was
        ours = merapi(
            args, start, Path(folder) / "end",
            f"--learning-rate {RATE} --max-steps {args.max_steps} --warmup-steps {args.max_steps // 2} --dropout 0",
        )  # fmt: skip
        worst = [0.0, 0.0]
        for step, ((loss, norm), (peer_loss, peer_norm)) in enumerate(zip(ours, pytorch(args, start), strict=True), 1):
            print(f"step {step:3}  loss {loss:.7f} {peer_loss:.7f}  norm {norm:.6f} {peer_norm:.6f}", flush=True)
            worst = [max(worst[0], abs(loss - peer_loss)), max(worst[1], abs(norm / peer_norm - 1))]
    fine = worst[0] <= LOSS and worst[1] <= NORM
    print(f"{'equal' if fine else 'DIFFERENT'}: losses within {worst[0]:.1e}, norms within {worst[1]:.1e} of PyTorch's")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
