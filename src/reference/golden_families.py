"""Makes small tokenizers of families that are made of other files than a tokenizer.json, or of parts that few have, and
what transformers' AutoTokenizer makes of hard texts with them: gpt2, deberta (vocab.json with merges.txt), albert
(spiece.model), precompiled (a tokenizer.json with SentencePiece's rules). And lengths.jsonl: what tokenizers makes of
texts by the sections `truncation` and `padding` of a tokenizer.json.

    python src/reference/golden_families.py     # writes tokenizer/src/test/resources/dev/merapi/tokenizer

FOLDER.jsonl      {"case", "expected"} a line, as golden_tokenizer.py writes them
lengths.jsonl     {"sections", "texts", "expected"} a line: the sections, texts or pairs, and for each what a batch of
                  them has: ids, type ids, attention mask, special-tokens mask, offsets; or "error"
"""

import argparse
import json
import os
import random
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

from compare_tokenizers import crc, decode_cases, reference
from golden_sentencepiece import RULES, TEXT, clean
from golden_tokenizer import CORPUS, TARGET, cases, trained, write

# More rules, with what a grapheme cluster may hold: marks, a joiner, a carriage return.
MORE_RULES = RULES + "E9\t65\n301\t\nD A\t20\n200D\t\n1100 1161\tAC00\nAC00 11A8\tAC01\n1F468 200D\t78\nDF\t73 73\n"


def spiece(file, rules, **settings):
    """Trains a unigram model with these rules; returns its charsmap."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as tsv, open(file, "wb") as model:
        tsv.write(rules)
        tsv.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXT.lower().splitlines()), model_writer=model, minloglevel=2, hard_vocab_limit=False,
            num_threads=1, model_type="unigram", vocab_size=130, normalization_rule_tsv=tsv.name, **settings)
    clean(file)
    proto = model_pb2.ModelProto()
    with open(file, "rb") as content:
        proto.ParseFromString(content.read())
    return proto.normalizer_spec.precompiled_charsmap


def make_folders(target):
    bytes_alphabet = pre_tokenizers.ByteLevel.alphabet()
    for name, tokenizer_class, special in [("gpt2", "GPT2Tokenizer", ["<|endoftext|>"]),
                                           ("deberta", "DebertaTokenizer", ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"])]:
        trainer = trainers.BpeTrainer(vocab_size=480, special_tokens=special, initial_alphabet=bytes_alphabet, show_progress=False)
        model = trained(models.BPE(), trainer, pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False)).model
        os.makedirs(f"{target}/{name}", exist_ok=True)
        model.save(f"{target}/{name}")
        write(f"{target}/{name}", "tokenizer_config.json", {"tokenizer_class": tokenizer_class})

    write(f"{target}/albert", "tokenizer_config.json", {"tokenizer_class": "AlbertTokenizer", "model_max_length": 512})
    charsmap = spiece(f"{target}/albert/spiece.model", MORE_RULES, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="<pad>",
                      control_symbols=["[CLS]", "[SEP]", "[MASK]"], user_defined_symbols=["(", ")", '"'])

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    rules = trained(models.Unigram(), trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False),
                    normalizer=normalizers.Sequence([normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")]),
                    pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace())
    write(f"{target}/precompiled", "tokenizer.json", rules.to_str())
    write(f"{target}/precompiled", "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"})
    return ["gpt2", "deberta", "albert", "precompiled"]


CLUSTERS = ["\r\na\r \n", "e\u0301 \u0301e\u0301\u0301 É\u0301", "\u1100\u1161\u11a8 가\u11a8 각 \u1100\u1161", "\U0001f468\u200d\U0001f469 a\u200db \u200d",
            "ABC abc aBc abcabc", "ﬁn ① Ａ１ Ⅷ", "\u3000a\u3000\u3000b\tc", "``quoted'' 'single' `a`", "(a) \"b\" ((", "ß ẞ straße", "\u0001a\u0001", "9,9 1,000, a,",
            "[MASK]s [CLS] <pad>", "the harbour lay", "the  wind,   the water ", "\u00a0a\u00a0"]


def section(**truncation):
    return {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0} | truncation


def padding(**more):
    return {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"} | more


SECTIONS = [
    {"truncation": section(direction="Left", stride=1), "padding": padding(strategy={"Fixed": 16})},
    {"truncation": section(max_length=6), "padding": padding(pad_to_multiple_of=4)},
    {"truncation": section(max_length=9, strategy="OnlySecond"), "padding": padding(direction="Left", pad_type_id=1)},
    {"truncation": section(max_length=9, strategy="OnlyFirst"), "padding": None},
    {"truncation": None, "padding": padding(strategy={"Fixed": 10}, pad_to_multiple_of=8, direction="Left")},
    {"truncation": None, "padding": None},
]
BATCHES = [["the ice of the sea", "a", "", "unable tokenizers, é😀 a b c d e f g"], [["the ice", "the sea level rise of the ice"], ["unable to token", "a b c d e"]]]


def lengths(target):
    with open(f"{target}/added/tokenizer.json", encoding="utf-8") as file:
        whole = json.load(file)
    with open(f"{target}/lengths.jsonl", "w", encoding="utf-8") as out:
        for sections in SECTIONS:
            tokenizer = Tokenizer.from_str(json.dumps(whole | sections))
            for batch in BATCHES:
                try:
                    encodings = tokenizer.encode_batch(batch)
                except Exception:
                    expected = "error"
                else:
                    expected = [[e.ids, e.type_ids, e.attention_mask, e.special_tokens_mask, [x for span in e.offsets for x in span]] for e in encodings]
                out.write(json.dumps({"sections": sections, "texts": batch, "expected": expected}, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--target", default=TARGET)
    options = arguments.parse_args()
    for name in make_folders(options.target):
        tokenizer = AutoTokenizer.from_pretrained(os.path.join(options.target, name))
        backend = tokenizer.backend_tokenizer
        backend.no_padding()
        with open(os.path.join(options.target, f"{name}.jsonl"), "w", encoding="utf-8") as out:
            everything = [*({"text": text} for text in CLUSTERS), *cases(random.Random(1), max(3, backend.num_special_tokens_to_add(True))),
                          *decode_cases(sorted(tokenizer.get_vocab().values()), 40, random.Random(2))]
            for case in everything:
                expected = reference(tokenizer, case)
                expected = expected if len(expected) <= 40 else f"CRC-32 {crc(expected)}"
                out.write(json.dumps({"case": case, "expected": expected}, ensure_ascii=False, separators=(",", ":")) + "\n")
    lengths(options.target)


if __name__ == "__main__":
    main()
