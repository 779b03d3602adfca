"""Merapi beside PyTorch on one GPU, in one run: matrix products (cuBLAS on PyTorch's side), BERT-base and DeBERTa-v3-base with random weights,
forward passes and training steps over 32 x 128 tokens and over 32 real lengths.

The sides take turns, Merapi, PyTorch, PyTorch, Merapi, each in a process of its own; of the two medians the better counts. PyTorch pads a batch
to its longest sequence, uses SDPA (transformers' default where a model has it), autocast for bf16 and the fused AdamW; Merapi packs. Prints a
table in Markdown: milliseconds of both, the ratio, and the kernels that Merapi launched, alone and in how many graphs.

    mvn -q -pl bench -am package -DskipTests
    python src/reference/bench_cuda.py --classpath "$CLASSPATH" [--runs 21]

The class path needs the jars of engine, nn, tokenizer, tasks and bench, the engine's of the classifier cuda, and jcuda with its natives. It needs
an NVIDIA GPU (compute capability 8.0), JDK 25 and PyTorch with CUDA.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time

# Tokens of 64 pairs of a claim and its evidence as they come (MiniLM's tokenizer, cut at 128).
LENGTHS = [
    88, 101, 42, 58, 63, 57, 49, 115, 80, 82, 80, 41, 64, 61, 70, 86, 88, 85, 95, 58, 112, 49, 52, 72, 53, 39, 65, 102, 94, 128, 82,
    34, 68, 101, 47, 30, 73, 84, 38, 30, 33, 23, 66, 89, 65, 57, 55, 43, 38, 49, 36, 49, 62, 26, 21, 102, 128, 51, 59, 65, 68, 41, 43,
    55,
]
SEQUENCES = 32
PRODUCTS = [(4096, 4096, 4096), (8192, 768, 768), (8192, 3072, 768), (8192, 768, 3072)]


def merapi(args):
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    command = [java, "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", args.classpath]
    command += ["dev.merapi.bench.GpuTable", str(args.runs), *map(str, LENGTHS)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit("bench_cuda: Merapi's side failed, see above")
    rows = {}
    for line in result.stdout.splitlines():
        cells = line.split("\t")
        if len(cells) >= 3:
            rows[cells[0], cells[1]] = (float(cells[2]), cells[3] if len(cells) > 3 else "")
    return rows


def torch_side(args):
    """In a process of its own, for the memory that it holds."""
    result = subprocess.run([sys.executable, __file__, "--torch", "--runs", str(args.runs)], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit("bench_cuda: PyTorch's side failed, see above")
    return {(name, precision): (float(ms), "") for name, precision, ms in (line.split("\t") for line in result.stdout.splitlines())}


def run_torch(runs):
    import torch
    from transformers import BertConfig, BertModel, DebertaV2Config, DebertaV2Model

    from bench_deberta import CONFIG

    def measure(name, precision, times, warm_up, work):
        for _ in range(warm_up):
            work()
        torch.cuda.synchronize()
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            work()
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        print(f"{name}\t{precision}\t{1e3 * statistics.median(seconds) / times:.4f}", flush=True)

    for precision in ("fp32", "tf32", "bf16"):
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        for m, n, k in PRODUCTS:
            kind = torch.bfloat16 if precision == "bf16" else torch.float32
            x, w = torch.randn(m, k, device="cuda", dtype=kind), torch.randn(n, k, device="cuda", dtype=kind)
            measure(f"product {m}x{n}x{k}", precision, 10, 20, lambda: [torch.nn.functional.linear(x, w) for _ in range(10)])
    torch.backends.cuda.matmul.allow_tf32 = False

    def batch(lengths):
        ids = torch.randint(4, 30000, (len(lengths), max(lengths)))
        mask = (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]).long()
        return ids.pin_memory(), mask.pin_memory()

    for name, make in (
        ("bert-base", lambda: BertModel(BertConfig(), add_pooling_layer=False)),
        ("deberta-v3-base", lambda: DebertaV2Model(DebertaV2Config(**CONFIG))),
    ):
        for precision, (label, lengths) in itertools.product(("fp32", "bf16"), (("32x128", [128] * SEQUENCES), ("real", LENGTHS))):
            model = make().cuda()
            batches = [batch(lengths[i : i + SEQUENCES]) for i in range(0, len(lengths), SEQUENCES)]
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
            labels = torch.arange(SEQUENCES, device="cuda") % 3

            def hidden(ids, mask):
                ids, mask = ids.cuda(non_blocking=True), mask.cuda(non_blocking=True)
                with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
                    return model(input_ids=ids, attention_mask=mask).last_hidden_state

            def forward():
                with torch.inference_mode():
                    for each in batches:
                        hidden(*each)

            def training():
                for each in batches:
                    loss = torch.nn.functional.cross_entropy(hidden(*each)[:, 0].float(), labels)
                    optimizer.zero_grad()
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()

            measure(f"{name} forward {label}", precision, len(batches), 4, model.eval() and forward)
            measure(f"{name} training {label}", precision, len(batches), 4, model.train() and training)
            del model, optimizer
            torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classpath", help="of Merapi's side")
    parser.add_argument("--runs", type=int, default=21, help="of each figure, the median counts")
    parser.add_argument("--torch", action="store_true", help="PyTorch's side alone, as tab-separated lines")
    args = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        sys.exit("bench_cuda: PyTorch sees no GPU; run it on a machine with an NVIDIA GPU, its driver and PyTorch for CUDA")
    if args.torch:
        run_torch(args.runs)
        return
    if not args.classpath:
        parser.error("--classpath is missing: the jars of Merapi's side")
    ours, theirs = {}, {}
    for side, rows in ((merapi, ours), (torch_side, theirs), (torch_side, theirs), (merapi, ours)):
        for key, row in side(args).items():
            rows[key] = min(row, rows.get(key, row))
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
    print("| what | precision | Merapi, ms | PyTorch, ms | times as fast | launches |\n|---|---|---|---|---|---|")
    for key, (ms, launches) in ours.items():
        other = theirs[key][0]
        print(f"| {key[0]} | {key[1]} | {ms:.3f} | {other:.3f} | {other / ms:.2f} | {launches} |")


if __name__ == "__main__":
    main()
