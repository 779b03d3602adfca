"""Makes tokenizer/…/sentencepiece/: tiny SentencePiece models and what the C++ library (0.2.2) makes of hard texts.

A model is trained on the text below; a line of its golden file is a case and the expected answer, as
compare_sentencepiece.py has them. With --real ../shared, hashes.json instead: SHA-256 over the encodings of many texts
by the models there, as golden_tokenizer.py's.
"""

import argparse
import array
import glob
import hashlib
import json
import os
import random
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2

from compare_sentencepiece import Reference, decode_cases, own_texts
from golden_tokenizer import code_points

TEXT = """The harbour lay quiet in the early light, and the boats moved softly on their ropes.
Nobody had expected the weather to turn so quickly; by noon the wind was strong from the north-west.
She counted 1, 2, 3, then 42 gulls above the roof, and laughed: that's more than yesterday's 17!
In the old town, people sell fish, bread and flowers; the baker's son rings the bell at 7 o'clock.
Les bateaux rentraient au port, déjà fatigués, et la mer était calme. Über den Dächern flogen Möwen.
The wind, the water, the walls: these were the things they talked about when there was nothing else.
"""

# A few rules like those of nmt_nfkc_cf, whose own table would be 240 KB: code points, tab, what they become.
RULES = "41\t61\n54\t74\nFB01\t66 69\n65 301\tE9\nFF21\t61\n2460\t31\n3000\t20\n9\t20\nA\t20\n1\t\n61 62 63\t78\n"

MODELS = {
    "unigram": dict(model_type="unigram", vocab_size=120),
    "bytes": dict(model_type="unigram", vocab_size=360, byte_fallback=True, normalization_rule_tsv=RULES),
    "merges": dict(model_type="bpe", vocab_size=140, user_defined_symbols=["<sep>", "the w"], normalization_rule_name="identity"),
    "suffix": dict(model_type="unigram", vocab_size=120, treat_whitespace_as_suffix=True, normalization_rule_name="identity"),
    "symbols": dict(model_type="unigram", vocab_size=125, user_defined_symbols=["<sep>", "ther"], control_symbols=["<ctl>"],
                    normalization_rule_name="identity", remove_extra_whitespaces=False),
}

HARD = ["", " ", "  a  b ", "the harbour", "\u2581the \u2581", "ﬁ ① Ａ é e\u0301", "\u0001\u0001", "a\u00a0b\u3000c\td\n", "<sep>the w<sep> the water",
        "☃☃ ☃", "\U0001f916 \U0001d54f", "<s></s><unk><ctl>", "\u2581\u2581\u2581", "가각\u1100\u1161", "x" * 300, "the " * 200 + "☃"]


def clean(file):
    """Takes the name of the temporary file with the rules out of a model."""
    model = model_pb2.ModelProto()
    with open(file, "rb") as content:
        model.ParseFromString(content.read())
    model.trainer_spec.ClearField("model_prefix")
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    with open(file, "wb") as out:
        out.write(model.SerializeToString(deterministic=True))


def digest(reference, texts):
    sha = hashlib.sha256()
    for text in texts:
        arrays, _ = reference.arrays(text)
        sha.update(array.array("i", [len(arrays[0]), *(x for numbers in arrays for x in numbers)]).tobytes())
    return sha.hexdigest()


def real_hashes(shared):
    udhr = [open(f, encoding="utf-8").read() for f in sorted(glob.glob(f"{shared}/data/text/udhr/*.txt"))]
    evidence = json.load(open(f"{shared}/data/claims/evidence.json", encoding="utf-8"))
    claims = [c for part in ("train", "dev") for c in json.load(open(f"{shared}/data/claims/{part}-claims.json", encoding="utf-8")).values()]
    hashes = {"made by": "src/reference/golden_sentencepiece.py"}
    for name in ("deberta-v3", "unigram-4000"):
        reference = Reference(f"{shared}/tokenizers/{name}")
        hashes[name] = {"code points": digest(reference, (text for pair in code_points(0x3400) for text in pair)),
                        "udhr": digest(reference, udhr),
                        "claims": digest(reference, (text for c in claims for e in c["evidences"] for text in (c["claim_text"], evidence[e])))}
    return hashes


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", default=os.path.join(
        here, "../../tokenizer/src/test/resources/dev/merapi/tokenizer/sentencepiece"))
    arguments.add_argument("--real", help="the folder that holds tokenizers and data: its hashes alone")
    options = arguments.parse_args()
    if options.real:
        with open(os.path.join(options.out, "hashes.json"), "w", encoding="utf-8") as out:
            out.write(json.dumps(real_hashes(options.real), indent=1) + "\n")
        return
    for name, settings in MODELS.items():
        folder = os.path.join(options.out, name)
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules, open(os.path.join(folder, "spm.model"), "wb") as model:
            if "normalization_rule_tsv" in settings:
                rules.write(RULES)
                rules.flush()
                settings = settings | {"normalization_rule_tsv": rules.name}
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(TEXT.splitlines()), model_writer=model, minloglevel=2, hard_vocab_limit=False,
                num_threads=1, **({"normalization_rule_name": "identity"} | settings))
        clean(os.path.join(folder, "spm.model"))
        reference = Reference(folder)
        rng = random.Random(name)
        cases = [{"text": text} for text in HARD]
        cases += own_texts(reference.model, 60, rng)
        cases += decode_cases(reference.model, 30, rng)
        with open(os.path.join(options.out, name + ".jsonl"), "w", encoding="utf-8") as out:
            for case in cases:
                out.write(json.dumps({"case": case, "expected": reference.line(case)}) + "\n")


if __name__ == "__main__":
    main()
