"""Compares what Merapi computes with pretrained encoders as they are with transformers and ONNX Runtime, through the command line.

- `merapi embed` of --count sentences and passages of the claims data: vectors within --tolerance of transformers' (and of ONNX Runtime's, for models
  given as --onnx NAME=FILE, where FILE maps input_ids, attention_mask, token_type_ids to the last hidden states first). Twice: mean pooling by
  options, up to 512 tokens; and as a folder of sentence-transformers says it, made here of the model and the modules.json, 1_Pooling and
  sentence_bert_config.json that its authors publish: mean of 256 tokens for MiniLM, the first of 512 for bge, scaled to length 1
- `merapi forward` of a masked sentence with bert-base-uncased: "paris" is the first token, with transformers' probability

Exits with 1 if anything differs.

    python src/reference/compare_embeddings.py --models MODELS [--names …] [--onnx NAME=FILE …]
"""

import argparse
import functools
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import logging

from claims import DATA, ROOT, read_json
from compare_real import Report, merapi

PUBLISHED = {"all-MiniLM-L6-v2": ("mean_tokens", 256), "bge-small-en-v1.5": ("cls_token", 512)}
MASKED = "the capital of france is [MASK] ."


def sentences(count):
    """The first sentences of nine tenths of the passages, the rest whole."""
    passages = [text for text in read_json(DATA / "evidence.json").values() if text.strip()][:count]
    return [text if i % 10 == 0 else text.split(". ")[0] for i, text in enumerate(passages)]


@torch.inference_mode()
def transformers_states(folder, inputs):
    model = AutoModel.from_pretrained(folder).eval()
    return [model(**i).last_hidden_state[0].numpy() for i in inputs]


def onnx_states(file, inputs):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(file), options)
    names = [i.name for i in session.get_inputs()]
    return [session.run(None, {name: i[name].numpy() for name in names})[0][0] for i in inputs]


def sentence_transformers_folder(folder, dest, pooling, length):
    """The model as links, beside the three files that make it one of sentence-transformers."""
    (dest / "1_Pooling").mkdir(parents=True)
    for file in folder.iterdir():
        (dest / file.name).symlink_to(file.resolve())
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [dict(idx=i, name=str(i), path=path, type=f"sentence_transformers.models.{kinds[path]}") for i, path in enumerate(kinds)]
    (dest / "modules.json").write_text(json.dumps(modules))
    modes = {f"pooling_mode_{mode}": mode == pooling for mode in ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens"]}
    (dest / "1_Pooling/config.json").write_text(json.dumps(dict(word_embedding_dimension=384) | modes))
    (dest / "sentence_bert_config.json").write_text(json.dumps(dict(max_seq_length=length, do_lower_case=False)))
    return dest


def pooled(states, pooling):
    return [h[0] if pooling == "cls_token" else h.mean(0) for h in states]


def scaled(vectors):
    return [v / np.linalg.norm(v) for v in vectors]


def compare_embeddings(report, command, folder, texts, onnx, tolerance):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [{"text": t} for t in texts]
    pooling, length = PUBLISHED[folder.name]

    @functools.cache
    def peers(longest):
        inputs = [tokenizer(t, truncation=True, max_length=longest, return_tensors="pt") for t in texts]
        states = {"transformers": transformers_states(folder, inputs)}
        return states | ({"ONNX Runtime": onnx_states(onnx, inputs)} if onnx else {})

    def compare(what, model, longest, make, *options):
        ours = [line["embedding"] for line in merapi(command, "embed", model, lines, *options)]
        for peer, states in peers(longest).items():
            worst = max(np.abs(np.float32(a) - b).max() for a, b in zip(ours, make(states), strict=True))
            details = f"max |difference| {worst:.2e} of {tolerance:.0e}"
            report.check(f"{folder.name}: {len(texts)} embeddings, {what}, {peer}", worst <= tolerance, details)

    compare("mean", folder, 512, lambda states: pooled(states, "mean_tokens"), "--pooling", "mean", "--no-normalize")
    with tempfile.TemporaryDirectory() as temporary:
        made = sentence_transformers_folder(folder, Path(temporary) / folder.name, pooling, length)
        compare(f"modules.json ({pooling}, {length})", made, length, lambda states: scaled(pooled(states, pooling)))


@torch.inference_mode()
def compare_masked(report, command, folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(MASKED, return_tensors="pt")
    place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    expected = AutoModelForMaskedLM.from_pretrained(folder).eval()(**inputs).logits[0, place].softmax(0)
    (out,) = merapi(command, "forward", folder, [{"text": MASKED}])
    ours = torch.tensor(out["logits"][place]).softmax(0)
    word, theirs = tokenizer.decode([int(ours.argmax())]), tokenizer.decode([int(expected.argmax())])
    difference = (ours - expected).abs().max().item()
    details = f"{word} {ours.max():.4f}, expected {theirs} {expected.max():.4f}, max |difference| {difference:.1e}"
    report.check(f"{folder.name}: {MASKED}", word == theirs and difference <= 1e-5, details)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="the folder that holds the pretrained models")
    parser.add_argument("--names", nargs="*", default=list(PUBLISHED))
    parser.add_argument("--masked", nargs="*", default=["bert-base-uncased"])
    parser.add_argument("--onnx", nargs="*", default=[], metavar="NAME=FILE")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    parser.add_argument("--tolerance", type=float, default=1e-5)
    args = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    onnx = dict(pair.split("=", 1) for pair in args.onnx)
    report = Report()
    texts = sentences(args.count)
    for name in args.masked:
        compare_masked(report, args.merapi, args.models / name)
    for name in args.names:
        compare_embeddings(report, args.merapi, args.models / name, texts, onnx.get(name), args.tolerance)
    sys.exit(report.failed)


if __name__ == "__main__":
    main()
