"""Compares our SentencePiece models with the C++ library on everything: ids, pieces, offsets, decoded text. Exits with 1
if anything differs, printing the first few.

    mvn -q -pl tokenizer test-compile
    python src/reference/compare_sentencepiece.py --java "java -cp CLASSES:TEST-CLASSES:JACKSON" \\
        --data ../shared/data --model FOLDER [--model FOLDER …] [--random 100000] [--seed 1]

A model folder has an spm.model and no settings, so that both sides have the model alone. The texts are those of
compare_tokenizers.py, without pairs and truncation, and random ones of the model's own pieces and special characters.
The C++ library counts places in bytes of UTF-8; they are compared as code points. Words are ours: a piece that starts
with the space's symbol (ends with it, where spaces are suffixes) starts (ends) a word.
"""

import argparse
import json
import os
import random
import sys
import tempfile

from sentencepiece import SentencePieceProcessor
from sentencepiece import sentencepiece_model_pb2 as model_pb2

from compare_tokenizers import compare, crc, groups

SPACE = "\u2581"


class Reference:
    def __init__(self, folder):
        with open(os.path.join(folder, "spm.model"), "rb") as file:
            content = file.read()
        self.model = model_pb2.ModelProto()
        self.model.ParseFromString(content)
        self.processor = SentencePieceProcessor(model_proto=content)
        self.suffix = self.model.trainer_spec.treat_whitespace_as_suffix

    def line(self, case):
        if "ids" in case:
            return str(crc(self.processor.decode(case["ids"])))
        arrays, pieces = self.arrays(case["text"])
        return ("[" + ",".join(map(str, arrays)) + "," + str(crc(" ".join(pieces))) + "]").replace(" ", "")

    def arrays(self, text):
        """Ids, type ids, offsets, special-tokens mask, word ids, sequence ids of a text; its pieces."""
        places = {}
        at = 0
        for i, c in enumerate(text):
            places[at] = i
            at += len(c.encode())
        places[at] = len(text)
        pieces = self.processor.encode(text, return_type="proto").pieces
        ids = [p.id for p in pieces]
        offsets = [places[x] for p in pieces for x in (p.begin, p.end)]
        words, word = [], 0
        for i, p in enumerate(pieces):
            if i > 0 and (pieces[i - 1].piece.endswith(SPACE) if self.suffix else p.piece.startswith(SPACE)):
                word += 1
            words.append(word)
        zeros = [0] * len(ids)
        return [ids, zeros, offsets, zeros, words, zeros], [p.piece for p in pieces]


def own_texts(model, count, rng):
    """Random texts of what the model has rules for."""
    pieces = [p.piece for p in model.pieces]
    spaces = [" ", "  ", SPACE, "\u3000", "\t", "\n", "\u00a0", "\u200b", "\u0001", "\ufeff", "\u2581\u2581", " \u0301"]
    for _ in range(count):
        parts = [rng.choice(rng.choice([pieces, pieces, spaces, "aeiouzé漢☃𝕏\U0001f916ﬁ①㍿が"])) for _ in range(rng.randint(1, 12))]
        text = "".join(parts)
        yield {"text": text if rng.random() < 0.5 else text.replace(SPACE, " ")}


def decode_cases(model, count, rng):
    size = len(model.pieces)
    marked = [i for i, p in enumerate(model.pieces) if p.type != 1]
    spaced = [i for i, p in enumerate(model.pieces) if SPACE in p.piece]
    for _ in range(count):
        yield {"ids": [rng.choice([rng.randrange(size), rng.choice(marked), rng.choice(spaced)]) for _ in range(rng.randint(0, 20))],
               "special": False}


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
            reference = Reference(folder)
            rng = random.Random(options.seed)
            everything = list(groups(options.data, options.random, rng))
            everything.append(("own pieces", own_texts(reference.model, options.random, rng)))
            everything.append(("decoding", decode_cases(reference.model, options.random // 2, rng)))
            for name, cases in everything:
                if options.only is None or options.only in name:
                    known = (case for case in cases if not {"pair", "max_length", "stride"} & set(case))
                    n, w = compare(options.java, folder, name, known, reference.line, directory)
                    total, wrong = total + n, wrong + w
    print(f"{total} compared, {wrong} mismatches")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
