"""Folders with a configuration and a tokenizer, without weights, of one encoder a family: what `--from-config` starts from.

Makes tasks/src/test/resources/dev/merapi/cli/families/{roberta,distilbert,deberta-v3}/: config.json as transformers writes it, and the
tokenizer's files learned from the sentences below (byte-level BPE by tokenizers, a vocabulary, SentencePiece with DeBERTa's special
tokens).

    python src/reference/fixture_families.py [--out FOLDER]
"""

import argparse
import io
import json
from pathlib import Path

import sentencepiece
from tokenizers import ByteLevelBPETokenizer
from transformers import DebertaV2Config, DistilBertConfig, RobertaConfig

from claims import ROOT

OUT = ROOT / "tasks/src/test/resources/dev/merapi/cli/families"
SENTENCES = [
    "the sun is warm and the sea is cold",
    " sooo SAD i will miss you here :(",
    "my café is  really, really good 😀 today!",
    "never again: the room was dirty and loud",
    "a good room, warm staff and a naïve view of the sea",
    "negative positive neutral",
] * 4
DROPOUTS = dict(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)


def config(folder, configuration):
    folder.mkdir(parents=True, exist_ok=True)
    values = configuration.to_diff_dict()
    values.pop("transformers_version", None)
    (folder / "config.json").write_text(json.dumps(values, indent=1) + "\n")


def roberta(folder):
    bpe = ByteLevelBPETokenizer(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(SENTENCES, vocab_size=330, min_frequency=2, special_tokens=special, show_progress=False)
    config(
        folder,
        RobertaConfig(
            vocab_size=bpe.get_vocab_size(), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=66, type_vocab_size=1, **DROPOUTS
        ),
    )
    bpe.save_model(str(folder))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizer", "model_max_length": 64}\n')


def distilbert(folder):
    words = sorted({word for sentence in SENTENCES for word in sentence.lower().replace(",", " ").replace(":", " ").split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [w for w in words if w.isalpha() and w.isascii()]
    config(
        folder,
        DistilBertConfig(
            vocab_size=len(vocabulary), dim=24, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=64
        ),
    )
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")


def deberta(folder):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=model, vocab_size=72, model_type="unigram", pad_id=0, bos_id=1, eos_id=2,
        unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", hard_vocab_limit=False, num_threads=1,
        normalization_rule_name="identity", minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()
    config(
        folder,
        DebertaV2Config(
            vocab_size=pieces + 1,  # and [MASK]
            hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64,
            type_vocab_size=0, relative_attention=True, position_buckets=16, max_relative_positions=-1, norm_rel_ebd="layer_norm",
            share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, layer_norm_eps=1e-7, **DROPOUTS
        ),
    )
    (folder / "spm.model").write_bytes(model.getvalue())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    roberta(out / "roberta")
    distilbert(out / "distilbert")
    deberta(out / "deberta-v3")


if __name__ == "__main__":
    main()
