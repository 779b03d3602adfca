"""Compares Merapi with transformers on real weights and real text, through the command line.

For each model, makes DEST/<model>, a classifier of three classes with a fixed random head (numpy default_rng(7), normal(0, 0.02); also a
pooler where the checkpoint has none), then runs `merapi tokenize` and `merapi forward` on it and checks

- every claim, every passage and every (claim, passage) pair: equal ids, type ids, tokens, offsets and special-token masks; the pairs also
  truncated to 32 tokens (tokenizers 0.23 stops tokenizing a text once it has enough, so where both texts are too long and the room is odd,
  which of them gets the odd token is not what the whole lengths would say; its result is what counts here)
- the first 100 pairs of the dev claims, from text and from ids: logits within --tolerance of transformers
- the last hidden states of the first ten of them, within five times that

--saved FOLDER … checks folders that Merapi saved instead: transformers must find every name in them, and give the same logits.
Exits with 1 if anything differs.

    python src/reference/compare_real.py DEST --models MODELS
    python src/reference/compare_real.py --saved OUTPUT_DIR
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, BertForSequenceClassification
from transformers.utils import logging

from claims import DATA, LABELS, ROOT, read_json, read_pairs

NAMES = ["all-MiniLM-L6-v2", "bert-base-uncased"]
TOKENIZER_FILES = ["vocab.txt", "tokenizer.json", "tokenizer_config.json"]
FIELDS = {  # ours: transformers'
    "ids": "input_ids",
    "type_ids": "token_type_ids",
    "special_tokens_mask": "special_tokens_mask",
    "offsets": "offset_mapping",
}


class Report:
    failed = False

    def check(self, what, ok, details):
        print(f"{'ok  ' if ok else 'FAIL'} {what}: {details}", flush=True)
        self.failed |= not ok


def make_classifier(source, dest):
    """A folder that transformers wrote: encoder of `source`, head (and missing pooler) from a fixed generator."""
    model, loading = BertForSequenceClassification.from_pretrained(
        source, num_labels=len(LABELS), id2label=dict(enumerate(LABELS)), output_loading_info=True
    )
    random = np.random.default_rng(7)
    weights = dict(model.named_parameters())
    for name in ["classifier.weight", "classifier.bias", "bert.pooler.dense.weight", "bert.pooler.dense.bias"]:
        if name in loading["missing_keys"]:
            draw = random.normal(0, 0.02, tuple(weights[name].shape)).astype(np.float32)
            weights[name].data = torch.tensor(draw)
            loading["missing_keys"].remove(name)
    assert not loading["missing_keys"], f"{source}: no weights {sorted(loading['missing_keys'])}"
    model.save_pretrained(dest)
    for file in TOKENIZER_FILES:
        if (source / file).exists():
            shutil.copy(source / file, dest / file)


def merapi(command, verb, folder, lines, *options):
    """One JSON a line in, one out."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    command = [command, verb, "--model", str(folder), *options]
    run = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
    if run.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {run.returncode}: {run.stderr.strip()[-2000:]}")
    out = [json.loads(line) for line in run.stdout.splitlines()]
    if len(out) != len(lines):
        raise SystemExit(f"{' '.join(command)}: {len(out)} lines out, expected {len(lines)}")
    return out


def texts():
    """Every claim and passage alone, and every citation as a pair, in {"text", "pair"} form."""
    evidence = read_json(DATA / "evidence.json")
    claims = [c for name in sorted(DATA.glob("*-claims*.json")) for c in read_json(name).values()]
    alone = [{"text": c["claim_text"]} for c in claims] + [{"text": passage} for passage in evidence.values()]
    pairs = [{"text": c["claim_text"], "pair": evidence[e]} for c in claims for e in c.get("evidences", [])]
    return alone, pairs


def compare_tokens(report, what, command, folder, tokenizer, lines, max_length):
    options = ["--max-length", str(max_length), "--truncation", "longest_first"]
    ours = merapi(command, "tokenize", folder, lines, *options)
    different = dict.fromkeys([*FIELDS, "tokens"], 0)
    first = ""
    for line, out in zip(lines, ours):
        expected = tokenizer(
            line["text"], line.get("pair"), truncation="longest_first", max_length=max_length,
            return_special_tokens_mask=True, return_offsets_mapping=True,
        )  # fmt: skip
        values = {name: expected[theirs] for name, theirs in FIELDS.items()}
        values["offsets"] = [list(pair) for pair in values["offsets"]]
        values["tokens"] = tokenizer.convert_ids_to_tokens(values["ids"])
        for name, value in values.items():
            if out.get(name) != value:
                different[name] += 1
                first = first or f"; first: {name} of {json.dumps(line)[:200]}: {str(out.get(name))[:300]}, expected {str(value)[:300]}"
    report.check(what, not any(different.values()), f"{len(lines)} texts, different: {different}{first}")


@torch.inference_mode()
def reference(model, tokenizer, lines):
    """Logits and last hidden states, one pair at a time, without padding."""
    outputs = []
    for line in lines:
        inputs = tokenizer(line["text"], line["pair"], truncation="longest_first", max_length=512, return_tensors="pt")
        out = model(**inputs, output_hidden_states=True)
        ids, types = inputs["input_ids"][0].tolist(), inputs["token_type_ids"][0].tolist()
        outputs.append((out.logits[0].numpy(), out.hidden_states[-1][0].numpy(), {"ids": ids, "type_ids": types}))
    return outputs


def compare_values(report, what, ours, expected, tolerance):
    """Largest |difference| over a list of arrays; `spread` is the standard deviation of the expected values."""
    ours = [np.asarray(a, np.float64) for a in ours]
    shapes = [(a.shape, e.shape) for a, e in zip(ours, expected) if a.shape != e.shape]
    if shapes:
        report.check(what, False, f"shape {shapes[0][0]}, expected {shapes[0][1]}")
        return
    difference = max(np.abs(a - e).max() for a, e in zip(ours, expected))
    spread = np.concatenate([e.reshape(-1) for e in expected]).std()
    report.check(what, difference <= tolerance, f"max |difference| {difference:.2e} of {tolerance:.0e}, spread {spread:.3g}")


def compare_folder(report, command, folder, tolerance, tokens):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, loading = BertForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    model.eval()
    strange = {kind: sorted(names) for kind, names in loading.items() if names}
    report.check(f"{folder.name}: names", not strange, strange or "all there")

    lines = [{"text": p.text, "pair": p.pair} for p in read_pairs(DATA / "dev-claims.json", DATA / "evidence.json")[:100]]
    logits, hidden, ids = zip(*reference(model, tokenizer, lines))
    for what, given in {"text": lines, "ids": list(ids)}.items():
        ours = [out["logits"] for out in merapi(command, "forward", folder, given)]
        compare_values(report, f"{folder.name}: logits from {what}", ours, logits, tolerance)
    ours = [out["last_hidden_state"] for out in merapi(command, "forward", folder, list(ids)[:10], "--hidden-states")]
    compare_values(report, f"{folder.name}: hidden states", ours, hidden[:10], 5 * tolerance)

    if tokens:
        alone, pairs = texts()
        for what, given, length in [("texts", alone, 512), ("pairs", pairs, 512), ("pairs cut to 32", pairs, 32)]:
            compare_tokens(report, f"{folder.name}: {what}", command, folder, tokenizer, given, length)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dest", nargs="?", type=Path, help="where the classifiers are made")
    parser.add_argument("--models", type=Path, help="the folder that holds the pretrained models")
    parser.add_argument("--names", nargs="+", default=NAMES)
    parser.add_argument("--saved", nargs="+", type=Path, default=[], help="folders that Merapi saved")
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    parser.add_argument("--tolerance", type=float, default=2e-5)
    parser.add_argument("--make-only", action="store_true", help="make the classifiers and stop")
    args = parser.parse_args()
    if bool(args.saved) == bool(args.dest and args.models):
        parser.error("give either DEST and --models, or --saved")
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    folders = args.saved or [args.dest / name for name in args.names]
    for folder in folders:
        if not args.saved and not (folder / "model.safetensors").exists():
            make_classifier(args.models / folder.name, folder)
    if args.make_only:
        return
    report = Report()
    for folder in folders:
        compare_folder(report, args.merapi, folder, args.tolerance, tokens=not args.saved)
    sys.exit(report.failed)


if __name__ == "__main__":
    main()
