"""Times a fine-tuning of emotions, tweets or reviews, PyTorch's and ours, alternately (A B B A) in one run on an idle machine.

A is train_tasks.py, B `./merapi train`, with the same files, batch size, optimizer, schedule, seed and number of steps, as bench_claims.py
does for the claims. Speeds are of the training loop alone, from its first step.

    python src/reference/bench_tasks.py emotions --model MODELS/all-MiniLM-L6-v2 --max-steps 60
    python src/reference/bench_tasks.py tweets --model MODELS/all-MiniLM-L6-v2                # whole runs, with metrics

Prints a JSON line a run, then medians, ratios, versions, processor and flags.
"""

import argparse
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import task_data
from bench_claims import ROOT, idle_share, java_version, processor, run, summarize

PEER = "{python} {peer} {task} --model {model} --data {data} --seed {seed} --threads {threads}"
OURS = {
    "emotions": "multilabel --labels anger,fear,joy,sadness,surprise --train {data}/train.csv --dev {data}/dev.csv"
    " --num-train-epochs 3 --per-device-train-batch-size 16 --learning-rate 1e-4 --lr-scheduler-type linear"
    " --no-decay-biases-and-norms --max-length 128",
    "tweets": "span-extraction --train {data}/tweets-train.csv --dev {data}/tweets-dev.csv"
    " --num-train-epochs 1 --per-device-train-batch-size 32 --learning-rate 9e-5 --lr-scheduler-type cosine --max-length 128",
    "reviews": "ordinal --text-column TEXT_COLUMN_NAME --label-column LABEL_COLUMN_NAME"
    " --train {data}/reviews-train.csv --dev {data}/reviews-dev.csv --test {data}/reviews-test.csv"
    " --num-train-epochs 1 --per-device-train-batch-size 12 --learning-rate 5e-5 --lr-scheduler-type constant"
    " --optim adam --weight-decay 0 --max-length 512",
}
COMMON = " --model {model} --output-dir {output} --seed {seed} --threads {threads} --json"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=OURS)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--max-steps", type=int, help="stop each run after so many steps; without it, whole runs and metrics")
    parser.add_argument("--distance-scale", type=float, default=0.0, help="weight of the distance loss (tweets)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="of A B B A")
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    parser.add_argument("--force", action="store_true", help="also on a machine that is busy")
    parser.add_argument("--print", action="store_true", help="print the two commands and run nothing")
    return parser.parse_args()


def commands(args, data):
    """The peer's command, and ours with its output folder still open."""
    values = dict(
        python=sys.executable, peer=Path(__file__).with_name("train_tasks.py"), task=args.task, model=args.model, data=data,
        seed=args.seed, threads=args.threads, output="{output}",
    )  # fmt: skip
    peer = PEER.format_map(values)
    ours = f"{args.merapi} train " + (OURS[args.task] + COMMON).format_map(values)
    if args.max_steps:
        peer += f" --max-steps {args.max_steps}"
        ours += f" --max-steps {args.max_steps}"
    if args.distance_scale:
        peer += f" --distance-scale {args.distance_scale}"
        ours += f" --distance-scale {args.distance_scale}"
    return peer, ours


def main():
    args = options()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        data = task_data.DATA / "emotions"
        if args.task != "emotions":
            data = folder / "data"
            data.mkdir()
            getattr(task_data, args.task)(data)
        peer, ours = commands(args, data)
        print(json.dumps({"peer": peer, "ours": ours}), flush=True)
        if args.print:
            return
        idle = idle_share()
        if idle < 0.95 and not args.force:
            sys.exit(f"the machine is busy: {idle:.0%} idle, expected at least 95 %; wait, or measure anyway with --force")
        runs = []
        for number, side in enumerate(["peer", "ours", "ours", "peer"] * args.rounds):
            command = peer if side == "peer" else ours.format(output=folder / str(number))
            runs.append(run(side, command, {}))
    summary = summarize(runs) | {
        "task": args.task,
        "torch": version("torch"),
        "transformers": version("transformers"),
        "merapi": java_version(args.merapi),
        "processor": processor(),
        "threads": args.threads,
        "java_options": os.environ.get("MERAPI_JAVA_OPTIONS", ""),
    }
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
