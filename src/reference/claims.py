"""Reads the climate claims (COMP90042) as labelled sentence pairs; used by train_claims.py and compare_real.py.

A claims file is `{id: {claim_text, claim_label, evidences: [id…]}}`, the evidence file `{id: text}`. Each cited passage makes
one pair (claim, passage) with the claim's label; claims labelled DISPUTED are left out.
"""

import json
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "claims"
LABELS = ["REFUTES", "NOT_ENOUGH_INFO", "SUPPORTS"]
PAIRS = {"train-claims.json": 3730, "dev-claims.json": 433}


class Pair(NamedTuple):
    text: str
    pair: str
    label: int


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_pairs(claims_file, evidence_file):
    """The pairs in the order of the file: claims as written, passages as cited."""
    evidence = read_json(evidence_file)
    pairs = [
        Pair(claim["claim_text"], evidence[passage], LABELS.index(claim["claim_label"]))
        for claim in read_json(claims_file).values()
        if claim["claim_label"] != "DISPUTED"
        for passage in claim["evidences"]
    ]
    expected = PAIRS.get(Path(claims_file).name, len(pairs))
    assert len(pairs) == expected, f"{claims_file}: {len(pairs)} pairs, expected {expected}"
    return pairs
