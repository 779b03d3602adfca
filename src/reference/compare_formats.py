"""Every form in which real weights come, at their real size: written by PyTorch, transformers and ONNX's exporters, read by Merapi, given back.

For bert-base-uncased under its masked-word head, DEST/<form> in turn is

- zip, legacy: one pytorch_model.bin by torch.save; bin-shards, shards: pytorch_model-*.bin and model-*.safetensors of at most 100 MB, with their index
- float16, bfloat16: one model.safetensors of that type
- onnx, onnx-dynamo: the model exported by PyTorch's two exporters, beside config.json; onnx-encoder: the encoder alone, in the folder onnx/

and is read twice: `merapi forward` of sentences equals transformers' logits, and `merapi convert` makes a folder that transformers loads with every
name in place, and with the logits of the weights as they were stored. distilbert-init gets a masked-word head and a classifier by transformers:
`merapi forward` equals its logits. Each folder is deleted before the next (--keep leaves them). Exits with 1 if anything differs.

    python src/reference/compare_formats.py DEST --models MODELS [--forms FORM …]
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertForMaskedLM, BertModel, DistilBertForMaskedLM, DistilBertForSequenceClassification
from transformers.utils import logging

from claims import ROOT
from compare_real import Report, merapi

TEXTS = ["the capital of france is [MASK] .", "a [MASK] erupted on java in 2010"]
HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def weights_of(model, tied=("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")):
    return {name: w.detach().contiguous() for name, w in model.state_dict().items() if name not in tied}


def write_shards(model, folder, pattern, save):
    weights = weights_of(model)
    split = split_torch_state_dict_into_shards(weights, filename_pattern=pattern, max_shard_size="100MB")
    for file, names in split.filename_to_tensors.items():
        save({name: weights[name] for name in names}, folder / file)
    index = {"metadata": split.metadata, "weight_map": split.tensor_to_filename}
    (folder / f"{pattern.replace('{suffix}', '')}.index.json").write_text(json.dumps(index))


def export(model, file, dynamo):
    inputs = (torch.randint(1000, 2000, (2, 12)), torch.ones(2, 12, dtype=torch.int64), torch.zeros(2, 12, dtype=torch.int64))
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
    file.parent.mkdir(exist_ok=True)
    model.config.return_dict = False  # exporters want tensors
    with torch.no_grad():
        torch.onnx.export(
            model, inputs, str(file), input_names=INPUTS, output_names=["out"], dynamo=dynamo,
            **(dict() if dynamo else dict(dynamic_axes=axes, opset_version=17)),
        )  # fmt: skip


def write(form, model, folder, source):
    """The model in one of its forms."""
    folder.mkdir(parents=True)
    model.config.save_pretrained(folder)
    for file in ["vocab.txt", "tokenizer_config.json"]:
        shutil.copy(source / file, folder / file)
    if form in ("zip", "legacy"):
        torch.save(weights_of(model), folder / "pytorch_model.bin", _use_new_zipfile_serialization=form == "zip")
    elif form == "bin-shards":
        write_shards(model, folder, "pytorch_model{suffix}.bin", torch.save)
    elif form == "shards":
        write_shards(model, folder, "model{suffix}.safetensors", lambda tensors, file: save_file(tensors, file, {"format": "pt"}))
    elif form in HALVES:
        save_file({name: w.to(HALVES[form]) for name, w in weights_of(model).items()}, folder / "model.safetensors", {"format": "pt"})
    elif form == "onnx-encoder":
        config = json.loads((folder / "config.json").read_text()) | dict(architectures=["BertModel"])
        (folder / "config.json").write_text(json.dumps(config))
        export(BertModel.from_pretrained(source, attn_implementation="eager").eval(), folder / "onnx/model.onnx", dynamo=False)
    else:
        export(model, folder / "model.onnx", dynamo=form == "onnx-dynamo")


@torch.inference_mode()
def reference(model, inputs):
    """Logits, or hidden states, of each text."""
    return [model(**i)[0][0].float().numpy() for i in inputs]


def largest(ours, expected):
    """The largest difference, of the largest magnitude."""
    difference = max(float(np.abs(np.float32(a) - b).max()) for a, b in zip(ours, expected, strict=True))
    return difference / max(float(np.abs(b).max()) for b in expected)


def compare_bert(report, args, form):
    source = args.models / "bert-base-uncased"
    tokenizer = AutoTokenizer.from_pretrained(source)
    inputs = [tokenizer(t, return_tensors="pt") for t in TEXTS]
    bare = form == "onnx-encoder"
    kind = BertModel if bare else BertForMaskedLM
    model = BertForMaskedLM.from_pretrained(source, attn_implementation="eager").eval()
    folder = args.dest / form
    write(form, model, folder, source)
    model = kind.from_pretrained(source).eval()
    if form in HALVES:
        model = model.to(HALVES[form]).float()
    expected = reference(model, inputs)

    out = merapi(args.merapi, "forward", folder, [{"text": t} for t in TEXTS])
    worst = largest([line["last_hidden_state" if bare else "logits"] for line in out], expected)
    report.check(f"{form}: forward", worst <= args.tolerance, f"max |difference| {worst:.1e} of {args.tolerance:.0e}")

    made = args.dest / f"{form}-converted"
    run = subprocess.run([args.merapi, "convert", str(folder), str(made), "--json"], capture_output=True, text=True)
    if run.returncode:
        report.check(f"{form}: convert", False, run.stderr.strip()[-500:])
        return
    again, loading = kind.from_pretrained(made, output_loading_info=True, dtype=torch.float32)
    strange = {name: sorted(names) for name, names in loading.items() if names and not (bare and "pooler" in str(names))}
    difference = largest(reference(again.eval(), inputs), expected)
    details = f"{json.loads(run.stdout)['tensors']} tensors, transformers' logits {difference:.1e} from the original's {strange or ''}"
    report.check(f"{form}: convert", difference == 0 and not strange, details)
    if not args.keep:
        shutil.rmtree(folder)
        shutil.rmtree(made)


def compare_distilbert(report, args):
    source = args.models / "distilbert-init"
    tokenizer = AutoTokenizer.from_pretrained(source)
    inputs = [{k: v for k, v in tokenizer(t, return_tensors="pt").items() if k != "token_type_ids"} for t in TEXTS]
    for kind in (DistilBertForMaskedLM, DistilBertForSequenceClassification):
        torch.manual_seed(0)
        model = kind.from_pretrained(source).eval()
        folder = args.dest / kind.__name__
        model.save_pretrained(folder)
        for file in ["vocab.txt", "tokenizer_config.json"]:
            shutil.copy(source / file, folder / file)
        out = merapi(args.merapi, "forward", folder, [{"text": t} for t in TEXTS])
        worst = largest([line["logits"] for line in out], reference(model, inputs))
        report.check(f"distilbert-init: {kind.__name__}", worst <= args.tolerance, f"max |difference| {worst:.1e} of {args.tolerance:.0e}")
        if not args.keep:
            shutil.rmtree(folder)


FORMS = ["zip", "legacy", "bin-shards", "shards", *HALVES, "onnx", "onnx-dynamo", "onnx-encoder", "distilbert"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dest", type=Path)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--models", type=Path, required=True, help="the folder that holds the pretrained models")
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of logits, relative to the largest")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    report = Report()
    for form in args.forms:
        compare_distilbert(report, args) if form == "distilbert" else compare_bert(report, args, form)
    sys.exit(report.failed)


if __name__ == "__main__":
    main()
