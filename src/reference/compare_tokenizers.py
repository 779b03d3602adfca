"""Compares our tokenizer with Hugging Face's on everything: ids, type ids, offsets, special-tokens masks, word ids,
sequence ids, tokens, overflowing windows, decoded text. Exits with 1 if anything differs, printing the first few.

    mvn -q -pl tokenizer test-compile
    python src/reference/compare_tokenizers.py --java "java -cp CLASSES:TEST-CLASSES:JACKSON" \\
        --data ../shared/data --model FOLDER [--model FOLDER …] [--random 100000] [--seed 1]

A model folder has a vocab.txt, a vocab.json with merges.txt, or a tokenizer.json, and what belongs to it; both sides load it by themselves. Which
groups of texts there are, see groups(). The reference is tokenizers as transformers' AutoTokenizer loads it.

Some habits of tokenizers 0.23 are faults, and are worked around. With truncation it stops tokenizing early (its issue
2091), so overflowing windows are compared with Encoding.truncate applied to the whole text (single texts), and word ids
with those of the whole text where the left side is cut. It does not recognise special tokens that normalization changes
when it decodes, so special tokens are left out before decoding.
"""

import argparse
import csv
import glob
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import unicodedata
import zlib

os.environ.setdefault("RUST_BACKTRACE", "0")
from transformers import AutoTokenizer  # noqa: E402

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def crc(text):
    value = zlib.crc32(text.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def line_of(encoding, word_ids=None):
    offsets = [x for span in encoding.offsets for x in span]
    words = [-1 if w is None else w for w in word_ids or encoding.word_ids]
    sequences = [-1 if s is None else s for s in encoding.sequence_ids]
    arrays = [encoding.ids, encoding.type_ids, offsets, encoding.special_tokens_mask, words, sequences]
    return ("[" + ",".join(map(str, arrays)) + "," + str(crc(" ".join(encoding.tokens))) + "]").replace(" ", "")


def words_from_start(backend, encoding, texts):
    """The word ids of an encoding that was cut on the left, counted from the start of each text."""
    backend.no_truncation()
    words = [None] * len(encoding.ids)
    for number, text in enumerate(texts):
        places = [i for i, s in enumerate(encoding.sequence_ids) if s == number]
        if places:
            whole = backend.encode(text, add_special_tokens=False).word_ids
            for i, word in zip(places, whole[-len(places):]):
                words[i] = word
    return words


def reference(tokenizer, case):
    """The expected line, or None where the reference cannot be asked."""
    backend = tokenizer.backend_tokenizer
    if "ids" in case:
        special = {i for i, t in backend.get_added_tokens_decoder().items() if t.special}
        return str(crc(tokenizer.decode([i for i in case["ids"] if not (case.get("special") and i in special)])))
    special = case.get("special", True)
    pair = case.get("pair")
    left = case.get("side") == "left"
    if "stride" in case:
        backend.no_truncation()
        processor, backend.post_processor = backend.post_processor, None  # it would trim offsets twice
        whole = backend.encode(case["text"], add_special_tokens=False)
        backend.post_processor = processor
        room = case["max_length"] - (backend.num_special_tokens_to_add(False) if special else 0)
        whole.truncate(room, case["stride"], case.get("side", "right"))
        # Each window by itself, as the template would frame it.
        parts = [whole] + whole.overflowing
        return "".join(line_of(frame(backend, part, special)) for part in parts)
    if "max_length" in case:
        backend.enable_truncation(
            case["max_length"], strategy=case.get("truncation", "longest_first"), direction=case.get("side", "right"))
    else:
        backend.no_truncation()
    try:
        encoding = backend.encode(case["text"], pair, add_special_tokens=special)
    except BaseException as error:  # a Rust panic is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return "error"
    return line_of(encoding, words_from_start(backend, encoding, [case["text"], pair]) if left else None)


def frame(backend, part, special):
    return backend.post_process(part, None, special)


def groups(data, count, rng, least=3):
    """(name, cases) of everything that is compared; `least` is the shortest length that truncation is asked for, where
    the special tokens of a pair just fit (below, the reference truncates nothing, and we say that it cannot be)."""
    yield "every code point alone", ({"text": chr(c)} for c in SCALARS)
    yield "every code point between letters", ({"text": f"un{chr(c)}able {chr(c)}s"} for c in SCALARS)
    marks = [c for c in SCALARS if unicodedata.category(chr(c)) in ("Mn", "Mc", "Me")]
    some = marks[:120] + rng.sample(marks, 60)
    letters = [c for c in SCALARS if unicodedata.category(chr(c))[0] in "LNPSZ"]
    yield "code points × marks", ({"text": f"{chr(c)}{chr(m)}{chr(n)}a"}
                                  for c in rng.sample(letters, min(len(letters), count // 10))
                                  for m, n in zip(rng.sample(some, 5), rng.sample(some, 5)))
    yield "marks × marks", ({"text": f"e{chr(m)}{chr(n)}"} for m in some for n in some)
    yield "NFC and NFD", ({"text": unicodedata.normalize(form, f"a{chr(c)}\u0323\u0301 {chr(c)}b")}
                          for c in SCALARS if unicodedata.decomposition(chr(c)) for form in ("NFC", "NFD"))
    files = [open(f, encoding="utf-8").read() for f in sorted(glob.glob(f"{data}/text/udhr/*.txt"))]
    yield "UDHR files", ({"text": text} for text in files)
    lines = [line for text in files for line in text.splitlines() if line.strip()]
    yield "UDHR lines, NFC and NFD", ({"text": unicodedata.normalize(form, line)}
                                      for line in rng.sample(lines, min(len(lines), count // 5)) for form in ("NFC", "NFD"))
    claims = {}
    for part in ("train", "dev"):
        claims.update(json.load(open(f"{data}/claims/{part}-claims.json", encoding="utf-8")))
    evidence = json.load(open(f"{data}/claims/evidence.json", encoding="utf-8"))
    yield "claims and passages", ({"text": t} for t in [c["claim_text"] for c in claims.values()] + list(evidence.values()))
    pairs = [(c["claim_text"], evidence[e]) for c in claims.values() for e in c["evidences"]]
    yield "claim pairs", ({"text": a, "pair": b} for a, b in pairs)
    yield "claim pairs, truncated", ({"text": a, "pair": b, "max_length": rng.randint(least, 60), "truncation": s, "side": side}
                                     for a, b in pairs
                                     for s, side in [(rng.choice(["longest_first", "only_first", "only_second"]),
                                                      rng.choice(["left", "right"]))])
    long = [" ".join(rng.sample(list(evidence.values()), 4)) for _ in range(400)]
    yield "long pairs, truncated", ({"text": rng.choice(long)[:rng.randint(0, 4000)], "pair": rng.choice(long)[:rng.randint(0, 4000)],
                                     "max_length": rng.randint(least, 520), "special": rng.random() < 0.8} for _ in range(2000))
    yield "windows", ({"text": t, "max_length": n, "stride": rng.randint(0, n - least), "side": rng.choice(["left", "right"])}
                      for t in rng.sample(list(evidence.values()), 1000) for n in [rng.randint(least + 1, 50)])
    for name in sorted(glob.glob(f"{data}/text/multilingual-emotions.csv")):
        rows = list(csv.reader(open(name, encoding="utf-8")))
        yield os.path.basename(name), ({"text": cell} for row in rows for cell in row if cell)
    alphabets = [
        [chr(c) for c in range(32, 127)],
        list("aeiouyéèêÀÑçœßİıǅﬁſΑΣσςΩЖжІії字漢かカ한각ก็ا٪ªº²½_-'’“”…·[]#@ \t\n\r\u00a0\u200b\u200d\u2028\ufeff\0\x7f"),
        ["\u0300", "\u0301", "\u0323", "\u0327", "\u0345", "\u0334", "\u05b0", "\u0e38", "\u0f71", "\u0f72", "\u0344", "\u1161", "\u11a8", "a", "é", "각", "ệ", "\u0f73", "\ufb1d", " "],
        [chr(c) for c in SCALARS],
        list("[]MASKCLSEPUNDmaskclse #") + ["[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "a", "é", " ", "\t", "[mask]"],
    ]

    def text():
        alphabet = rng.choice(alphabets)
        return "".join(rng.choice(alphabet) for _ in range(int(rng.expovariate(1 / 12))))

    yield "random strings", ({"text": text()} for _ in range(count))
    yield "random pairs", ({"text": text(), "pair": text(), "special": rng.random() < 0.8} for _ in range(count // 5))
    yield "random pairs, truncated", ({"text": text(), "pair": text(), "max_length": rng.randint(least, 20)} for _ in range(count // 5))


def decode_cases(ids, count, rng):
    """Cases of ids that exist, the first 1200 of them more often."""
    for _ in range(count):
        yield {"ids": [rng.choice([rng.choice(ids), rng.choice(ids[:1200])]) for _ in range(rng.randint(0, 30))],
               "special": rng.random() < 0.5}


def compare(java, folder, name, cases, expect, directory):
    """Counts the cases, and those where our line is not what `expect` says."""
    cases_file, out_file = os.path.join(directory, "cases.jsonl"), os.path.join(directory, "out.txt")
    cases = list(cases)
    with open(cases_file, "w", encoding="utf-8") as out:
        for case in cases:
            out.write(json.dumps(case) + "\n")
    wrong = 0
    subprocess.run(shlex.split(java) + ["dev.merapi.tokenizer.TokenizeLines", folder, cases_file, out_file], check=True)
    with open(out_file, encoding="utf-8") as lines:
        for case, line in zip(cases, lines, strict=True):
            expected, got = expect(case), line.rstrip("\n")
            if expected != got:
                wrong += 1
                if wrong <= 5:
                    print(f"  {json.dumps(case)[:300]}\n    expected {expected[:600]}\n    got      {got[:600]}")
    print(f"{folder}: {name}: {len(cases)} texts, {wrong} mismatches", flush=True)
    return len(cases), wrong


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--java", required=True)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--model", action="append", required=True)
    arguments.add_argument("--random", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", help="groups whose name contains this")
    options = arguments.parse_args()
    total = wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for folder in options.model:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            backend = tokenizer.backend_tokenizer
            backend.no_padding()
            rng = random.Random(options.seed)
            everything = list(groups(options.data, options.random, rng, max(3, backend.num_special_tokens_to_add(True))))
            everything.append(("decoding", decode_cases(sorted(tokenizer.get_vocab().values()), options.random // 5, rng)))
            for name, cases in everything:
                if options.only is None or options.only in name:
                    n, w = compare(options.java, folder, name, cases, lambda case: reference(tokenizer, case), directory)
                    total, wrong = total + n, wrong + w
    print(f"{total} compared, {wrong} mismatches")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
