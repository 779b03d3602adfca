"""Times the fine-tuning on claims, PyTorch's and ours, alternately (A B B A) in one run on an idle machine.

A is train_claims.py, B a command, by default `./merapi train pair-classification`; both have the same data, batch size, schedule, seed and
number of steps. Ours must print a JSON line with `rows_per_second` (training alone) or, failing that, `… rows/s`; the last one counts.
Speeds include everything the training loop does, from its first step: for ours that is also the JIT compiler's warm-up.
Batches are shuffled by each side's own generator: where both print `tokens_per_second` (real tokens), it is the fairer figure for few steps.

    python src/reference/bench_claims.py --model MODELS/all-MiniLM-L6-v2 --max-steps 60
    python src/reference/bench_claims.py --model MODELS/bert-base-uncased --lr 5e-6 --epochs 1      # whole epochs, with metrics

`--tuned-peer` gives PyTorch its fused AdamW and an allocator that returns memory later, both off by default in PyTorch and glibc.
Prints a JSON line a run, then medians, ratios, versions, processor and flags.
"""

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from claims import DATA, ROOT

PEER = (
    "{python} {peer} --model {model} --train {train} --dev {dev} --evidence {evidence} --epochs {epochs} --batch-size 24"
    " --max-length 512 --lr {lr} --schedule linear-warmup --warmup-ratio 0.1 --seed {seed} --threads {threads}"
)
OURS = (
    "{merapi} train pair-classification --format claims --model {model} --train {train} --dev {dev} --evidence {evidence}"
    " --output-dir {output} --num-train-epochs {epochs} --per-device-train-batch-size 24 --max-length 512 --learning-rate {lr}"
    " --weight-decay 0.01 --class-weights 2,1.2,1 --max-grad-norm 1.0 --lr-scheduler-type linear-warmup --warmup-ratio 0.1"
    " --seed {seed} --threads {threads} --json"
)
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
SPEEDS = ["rows_per_second", "tokens_per_second"]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--max-steps", type=int, help="stop each run after so many steps; without it, whole epochs and metrics")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="of A B B A")
    parser.add_argument("--tuned-peer", action="store_true")
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    parser.add_argument("--ours", default=OURS, help="template of our command")
    parser.add_argument("--max-steps-option", default="--max-steps {steps}", help="what limits the steps of our command")
    parser.add_argument("--force", action="store_true", help="also on a machine that is busy")
    return parser.parse_args()


def idle_share(seconds=2.0):
    """The share of the processors' time that nobody used, from /proc/stat."""

    def read():
        fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return fields[3] + fields[4], sum(fields)

    before = read()
    time.sleep(seconds)
    idle, total = (b - a for a, b in zip(before, read()))
    return idle / max(1, total)


def measurements(stdout, stderr):
    """The last JSON line that has a speed, or the last `… rows/s`."""
    for line in reversed(stdout.splitlines()):
        if line.lstrip().startswith("{"):
            values = json.loads(line)
            if SPEEDS[0] in values:
                return values
    matches = re.findall(r"([\d.]+)\s*rows/s", stdout + stderr)
    if not matches:
        raise ValueError("no rows_per_second in the output")
    return {SPEEDS[0]: float(matches[-1])}


def run(side, command, environment):
    idle = idle_share()
    started = time.perf_counter()
    result = subprocess.run(shlex.split(command), capture_output=True, text=True, env=os.environ | environment)
    seconds = time.perf_counter() - started
    try:
        if result.returncode:
            raise ValueError(f"exit code {result.returncode}")
        values = measurements(result.stdout, result.stderr)
    except ValueError as e:
        raise SystemExit(f"{side}: {e}: {command}\n{(result.stdout + result.stderr)[-3000:]}") from e
    values = {"side": side, "process_seconds": round(seconds, 2), "idle_before": round(idle, 3)} | values
    print(json.dumps(values), flush=True)
    return values


def processor():
    text = Path("/proc/cpuinfo").read_text()
    field = lambda name: (re.search(rf"^{name}\s*:\s*(.*)$", text, re.M) or ["", "unknown"])[1]
    vectors = [flag for flag in field("flags").split() if flag in ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile")]
    return f"{field('model name')} family {field('cpu family')} model {field('model')}, {os.cpu_count()} processors, {' '.join(vectors)}"


def java_version(merapi):
    result = subprocess.run([merapi, "doctor"], capture_output=True, text=True)
    return result.stdout.strip().splitlines()[:3] if result.returncode == 0 else "unknown"


def summarize(runs):
    medians = {}
    for side in ("peer", "ours"):
        for speed in SPEEDS:
            values = [r[speed] for r in runs if r["side"] == side and speed in r]
            if values:
                medians[f"{side}_{speed}"] = round(statistics.median(values), 3)
    ratios = {
        f"ratio_{speed}": round(medians[f"ours_{speed}"] / medians[f"peer_{speed}"], 3)
        for speed in SPEEDS
        if f"ours_{speed}" in medians and f"peer_{speed}" in medians
    }
    return medians | ratios


def main():
    args = options()
    idle = idle_share()
    if idle < 0.95 and not args.force:
        sys.exit(f"the machine is busy: {idle:.0%} idle, expected at least 95 %; wait, or measure anyway with --force")
    with tempfile.TemporaryDirectory() as output:
        values = dict(
            python=sys.executable, peer=Path(__file__).with_name("train_claims.py"), merapi=args.merapi, model=args.model,
            train=args.data / "train-claims.json", dev=args.data / "dev-claims.json", evidence=args.data / "evidence.json",
            epochs=args.epochs, lr=args.lr, seed=args.seed, threads=args.threads, steps=args.max_steps,
        )  # fmt: skip
        peer, ours = PEER, args.ours
        if args.max_steps:
            peer, ours = f"{peer} --max-steps {{steps}}", f"{ours} {args.max_steps_option}"
        if args.tuned_peer:
            peer += " --fused"
        print(json.dumps({"peer": peer.format_map(values), "ours": ours.format_map(values | {"output": "OUTPUT"})}), flush=True)
        runs = []
        for number, side in enumerate(["peer", "ours", "ours", "peer"] * args.rounds):
            command = (peer if side == "peer" else ours).format_map(values | {"output": Path(output) / str(number)})
            runs.append(run(side, command, KEEP_MEMORY if side == "peer" and args.tuned_peer else {}))
    summary = summarize(runs) | {
        "torch": version("torch"),
        "transformers": version("transformers"),
        "python": sys.version.split()[0],
        "merapi": java_version(args.merapi),
        "processor": processor(),
        "threads": args.threads,
        "tuned_peer": args.tuned_peer,
        "java_options": os.environ.get("JAVA_TOOL_OPTIONS", ""),
    }
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
