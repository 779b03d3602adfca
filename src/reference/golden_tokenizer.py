"""Golden values for the tokenizer's tests: small tokenizers with every setting that matters, and what Hugging Face's
tokenizers, loaded by transformers' AutoTokenizer, makes of texts that are hard.

    python src/reference/golden_tokenizer.py            # writes tokenizer/src/test/resources/dev/merapi/tokenizer
    python src/reference/golden_tokenizer.py --real ../shared   # hashes over real vocabularies and texts too

FOLDER/           vocab.txt or tokenizer.json, and what belongs to it
FOLDER.jsonl      {"case", "expected"} a line, as compare_tokenizers.py writes them, or their CRC-32 if they are long
hashes.json       SHA-256 over the encodings of many texts: every code point alone and among letters, for some of
                  the folders, with --real for the vocabularies there, then also over the UDHR files and the claims
"""

import argparse
import array
import glob
import hashlib
import json
import os
import random
import shutil
import tempfile

from compare_tokenizers import SCALARS, crc, decode_cases, reference
from transformers import AutoTokenizer
import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "tokenizer", "src", "test", "resources", "dev", "merapi", "tokenizer")

LONG = 300
SHORT = 60
HASHED = ("uncased", "added", "steps", "roberta", "words")  # what the others do to a code point, one of these does too

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the of and to in a is that it was for on with as be this are not have from at by do don an or he his her
un able token word piece text claim evidence climate warm ice sea volcano heat gas carbon dioxide global rise level
straße naïve café élan señor über ångström Über İstanbul istanbul
привет мир снег вода και του νερό θάλασσα σας ας ΑΣ nước biển được
""".split()
ENDINGS = "s ed ing er ly able ation al ic ous ness ment est ize izer ise y e t n d ση ος ать ый ка ược".split()
LETTERS = ("abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789" "àáâäåæçèéêëìíîïñòóôöøùúûüýÿœßđơưȧạệ"
           "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ" "абвгдежзийклмнопрстуфхцчшщъыьэюяё" "אבגדהוזחטיכלמנסעפצקרשת"
           "ابتثجحخدذرزسشصضطظعغفقكلمنهوي" "अआइईउऊकखगतनपमयरलवसह" "กขคงจ" "あいうえおかがきくアイカガ" "한국어가각" "一中国漢字語水火山")
JAMO_AND_MARKS = "\u1100\u1161\u11a8\u1112\u11ab\u0300\u0301\u0302\u0308\u0323\u0327\u0307\u05b0\u093f\u0e38"
SIGNS = "!\"#$%&'()*+,-./:;<=>?@[]^_{|}~€£°·…–—‘’“”«»、。〜！？½²×"


def vocabulary(specials=tuple(SPECIAL)):
    tokens = list(specials) + [*SIGNS, *LETTERS, *JAMO_AND_MARKS, "😀", "👍", "𝔘", "ﬁ"]
    tokens += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789éèßσςабвгеикнорст水한각漢" + JAMO_AND_MARKS + "😀ﬁ"]
    tokens += WORDS + ["##" + e for e in ENDINGS] + ["[unused1]", "##", "don't", "##'s"]
    return list(dict.fromkeys(tokens))


def write(folder, name, content):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as out:
        out.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def bert_json(tokens, lowercase=True, template=True, **model):
    t = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]", **model))
    t.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    cls, sep = ("[CLS]", tokens.index("[CLS]")), ("[SEP]", tokens.index("[SEP]"))
    if template:
        t.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[cls, sep])
    else:
        t.post_processor = processors.BertProcessing(sep, cls)
    t.add_special_tokens(SPECIAL)
    return t


FAST = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 1e30, "unk_token": "[UNK]", "sep_token": "[SEP]",
        "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}


def make_folders(target):
    """Writes the small tokenizers; returns their names."""
    lines = "\n".join(vocabulary()) + "\n"

    write(f"{target}/uncased", "vocab.txt", lines)
    write(f"{target}/uncased", "tokenizer_config.json", {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"})

    write(f"{target}/cased", "vocab.txt", lines.replace("\n", "\r\n"))
    write(f"{target}/cased", "tokenizer_config.json", {"do_lower_case": False, "model_max_length": 10**30, "tokenizer_class": "BertTokenizerFast",
                                                       "truncation_side": "left", "clean_up_tokenization_spaces": True})

    # Lower-casing that keeps accents, ideographs in one word, special tokens with properties and some not in the file.
    write(f"{target}/accents", "vocab.txt", "\n".join(vocabulary(["[UNK]", "[CLS]", "[SEP]"])) + "\n\nlast  \t")
    write(f"{target}/accents", "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False, "model_max_length": 128,
        "pad_token": "[PAD]", "additional_special_tokens": ["<e>", {"__type": "AddedToken", "content": "</e>", "special": True, "lstrip": True, "rstrip": True, "normalized": True, "single_word": False}]})
    write(f"{target}/accents", "special_tokens_map.json", {"mask_token": {
        "content": "[MASK]", "lstrip": True, "normalized": True, "rstrip": False, "single_word": False}})
    write(f"{target}/accents", "added_tokens.json", {"NASA": len(vocabulary(["[UNK]", "[CLS]", "[SEP]"])) + 2})

    added = bert_json(vocabulary())
    added.add_tokens([
        AddedToken("Sea Level", lstrip=True, rstrip=True), AddedToken("CO2", single_word=True), AddedToken("<br>", normalized=False, rstrip=True),
        AddedToken("<br/>", normalized=False), AddedToken("Éa", normalized=True, single_word=True), AddedToken("ice", normalized=False, single_word=True, lstrip=True)])
    added.add_special_tokens([AddedToken("<Q>", special=True, normalized=True, lstrip=True), AddedToken("[unused1]", special=True)])
    added.enable_truncation(8, stride=2, direction="left")
    added.enable_padding(length=16)
    write(f"{target}/added", "tokenizer.json", added.to_str())
    write(f"{target}/added", "tokenizer_config.json", {**FAST, "truncation_side": "right"})

    steps = bert_json(vocabulary(), template=False, max_input_chars_per_word=12)
    steps.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    steps.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    steps.decoder = decoders.WordPiece(cleanup=False)
    write(f"{target}/steps", "tokenizer.json", steps.to_str())
    write(f"{target}/steps", "tokenizer_config.json", FAST)

    bare = bert_json(["[UNK]", "[CLS]", "[SEP]", "x", "y", "##", "##x", "_", "_x", "_y", "é", "_é", "Σ", "σ"], continuing_subword_prefix="_")
    bare.normalizer = None
    bare.pre_tokenizer = None
    bare.post_processor = None
    bare.decoder = None
    write(f"{target}/bare", "tokenizer.json", bare.to_str())
    write(f"{target}/bare", "tokenizer_config.json", {**FAST, "mask_token": None, "pad_token": None})
    return ["uncased", "cased", "accents", "added", "steps", "bare"]


CORPUS = [" ".join(WORDS), " ".join(w + e for w in WORDS for e in ENDINGS[:12]), "Sea level rise, don't! 12 345 6.7%\n\n  The ice… (melts) ",
          "l'été naïve café über straße привет мир снег вода νερό θάλασσα nước biển được 漢字 中国 한국어 水 😀👍 volcanoes' heat, they're we'll I'd I've I'm it's"] * 3


def trained(model, trainer, **parts):
    """A tokenizer whose model is trained on the corpus, with these parts around it."""
    t = Tokenizer(model)
    for name, part in parts.items():
        setattr(t, name, part)
    t.train_from_iterator(CORPUS, trainer)
    return t


def make_pipelines(target):
    """Writes small tokenizers of byte pairs, with every part of a tokenizer.json somewhere; returns their names."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    marks = [AddedToken("<mask>", lstrip=True, special=True), AddedToken("Sea Level", rstrip=True), AddedToken("CO2", single_word=True), AddedToken("<br>", normalized=False, rstrip=True)]
    regex = tokenizers.Regex

    def bytes_trainer():
        return trainers.BpeTrainer(vocab_size=620, special_tokens=special, initial_alphabet=alphabet, show_progress=False)

    files = trained(models.BPE(), bytes_trainer(), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False))
    os.makedirs(f"{target}/roberta", exist_ok=True)
    files.model.save(f"{target}/roberta")
    write(f"{target}/roberta", "tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512, "add_prefix_space": True,
                                                         "mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False, "special": True}})

    # Byte-level words after a normal form, offsets trimmed in a sequence of post-processors.
    level = trained(models.BPE(ignore_merges=True), bytes_trainer(), normalizer=normalizers.NFC(), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True), decoder=decoders.ByteLevel())
    level.add_tokens(marks)
    level.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)])])
    write(f"{target}/level", "tokenizer.json", level.to_str())

    # Words of characters: unknown ones fused, an end-of-word suffix, compatibility forms, replacements.
    words = trained(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"),
                    trainers.BpeTrainer(vocab_size=400, special_tokens=special, limit_alphabet=70, end_of_word_suffix="</w>", show_progress=False),
                    normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(regex(r"\s+"), " "), normalizers.Replace("``", '"'), normalizers.Lowercase(), normalizers.Strip(left=True, right=False)]),
                    pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]),
                    post_processor=processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=False),
                    decoder=decoders.BPEDecoder("</w>"))
    words.add_tokens(marks[1:])
    write(f"{target}/words", "tokenizer.json", words.to_str())

    # Llama's way: no words, a prefix, unknown characters as bytes.
    fall = trained(models.BPE(unk_token="<unk>", byte_fallback=True), trainers.BpeTrainer(vocab_size=700, special_tokens=special + [f"<0x{b:02X}>" for b in range(256)], limit_alphabet=60, show_progress=False),
                   normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), pre_tokenizer=pre_tokenizers.Split("▁", "merged_with_next"),
                   decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    fall.pre_tokenizer = None
    write(f"{target}/fallback", "tokenizer.json", fall.to_str())

    # Unigrams, Metaspace only in front of the first text, NFKD without accents.
    unigram = trained(models.Unigram(), trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False),
                      normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Replace(regex(" {2,}"), " ")]),
                      pre_tokenizer=pre_tokenizers.Metaspace(prepend_scheme="first"), decoder=decoders.Metaspace(prepend_scheme="first"))
    unigram.add_tokens(marks)
    write(f"{target}/unigram", "tokenizer.json", unigram.to_str())

    # Every behaviour of a split, with and without inversion.
    splits = trained(models.BPE(unk_token="<unk>", continuing_subword_prefix="@@"), trainers.BpeTrainer(vocab_size=500, special_tokens=special, continuing_subword_prefix="@@", show_progress=False))
    split = pre_tokenizers.Split
    splits.pre_tokenizer = pre_tokenizers.Sequence([
        split(" ", "merged_with_next"), split(regex(r"\p{N}+"), "isolated"), split("e", "merged_with_previous"), split(regex(r"[aeiou]+"), "contiguous"),
        pre_tokenizers.Punctuation("merged_with_previous"), pre_tokenizers.Digits(), split(regex(r"(?i:ice|sea)|[^x]+"), "removed", invert=True),
        split(regex(r"(?=[A-Z])"), "isolated"), pre_tokenizers.Metaspace(prepend_scheme="never", split=False)])
    splits.decoder = decoders.Fuse()
    splits.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 0))
    write(f"{target}/splits", "tokenizer.json", splits.to_str())

    fast = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 1e30, "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
    for name in ("level", "words", "fallback", "unigram", "splits"):
        write(f"{target}/{name}", "tokenizer_config.json", fast)
    return ["roberta", "level", "words", "fallback", "unigram", "splits"]


HARD = [
    "", " ", "\n\t ", "a", "the token's word-piece isn't un-able.", "Hello, WORLD!", "unable tokenizer tokenization tokenizers", "é😀a b", "e\u0301 É e\u0323\u0301 e\u0301\u0323",
    "ΑΣ ΑΣ. ΟΔΟΣ σας", "İstanbul Iğdır ISTANBUL ısı", "straße STRASSE ẞ", "ﬁnd ﬁ", "한국어 각 \u1112\u1161\u11ab 가각", "漢字かなカナ中国水火", "a漢b漢", "中\u0301a", "\u0301a \u0323\u0301",
    "a\0b", "a\x01b\x7fc\u200dd\u200be\u202ef\ufeffg", "👨\u200d👩\u200d👧 👍🏽", "שָׁלוֹם עולם", "مرحبا بالعالم ١٢٣", "नमस्ते हिंदी", "กุ้ง ก", "a\u00a0b\u2003c\u3000d\u2028e\x0bf\x85g",
    "[MASK]", "un[MASK]able", "[mask] [Mask]", "[CLS] the [SEP] of", "[[MASK]]", "[MASK][MASK] [PAD]", "a [MASK] , b", "##ing ##s ## ##", "don't do not n't", "x" * 100, "x" * 101, "é" * 100, "é" * 101, "😀" * 100, "a" * 12 + " " + "a" * 13,
    "e\u0301" * 100, "e\u0301" * 101, "Sea  LEVEL rise", "a sea level CO2 co2 aCO2 CO2a _co2 co2\u0301 (CO2)", "a<br>   b<br/>c <br/> <br>", "éa ÉA eá aéa e\u0301a ÉAb", "ice  ice icecap  ice,ice", "<q> a<Q>  <Q> <q>b", "[unused1] [UNUSED1]",
    "<e>a</e> b </e> </E>c", "NASA nasa NASAs", "[mask]a [MASK]  b", "½ ² ① Ⅷ ª", "€5.30–7,20… “x” ‘y’ «z»", "A\u030a Å \u212b \u2126 K", "\u0344a \u0f73\u0f71 a\u0f72\u0f73", "ệ e\u0302\u0323 e\u0323\u0302 ê\u0323 ẹ\u0302", "a\u0334\u0345\u0301\u0323\u0327b", "\ufb1d \ufb2c",
    "x y", "xx xy yx x_y", "_x", "éx xé xΣ Σ", "\ufffd a\ufffdb", "\U0001d518nable \U000e0001a \U0010ffff", "last  ", "the  \u0301 of", "a\u0301\u200d\u0323b a\u0323\u200d\u0301", "snow ⛄︎ ice", "\uf900\uf901 \U0002f800 \u2f00", "۝ \u0600a", "\u180ea \u1806"]


def cases(rng, least):
    for text in HARD:
        yield {"text": text}
    long = ["the ice of the sea level rise", "unable tokenizers [MASK] tokenization", "é😀 漢字 a b c d e f", "claim", "volcanoes heat the sea, not the gas."]
    for a in HARD[4:8] + [""]:
        for b in ["", "a", "é😀 of"]:
            yield {"text": a, "pair": b, "special": rng.random() < 0.6}
    for n in [least, least + 1, least + 2, 6, 7, 8, 11, 12, 20]:
        for strategy in ["longest_first", "only_first", "only_second"]:
            yield {"text": rng.choice(long), "pair": rng.choice(long), "max_length": n, "truncation": strategy, "side": rng.choice(["left", "right"])}
            yield {"text": rng.choice(long), "pair": rng.choice(long), "max_length": n, "truncation": strategy, "special": False, "side": "right"}
        yield {"text": rng.choice(long), "max_length": n, "side": "right"}
        yield {"text": rng.choice(long), "max_length": n, "stride": rng.randint(0, n - 3), "side": rng.choice(["left", "right"])}
        yield {"text": " ".join(long), "max_length": n, "stride": rng.randint(0, n - 3), "side": "right"}


def digest(tokenizer, texts):
    """SHA-256 over all that the encodings of (text, pair) hold, as 32-bit integers, low byte first."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    sha = hashlib.sha256()
    for text, pair in texts:
        e = backend.encode(text, pair)
        numbers = array.array("i", [len(e.ids)])
        numbers.extend(e.ids)
        numbers.extend(e.type_ids)
        numbers.extend(x for span in e.offsets for x in span)
        numbers.extend(e.special_tokens_mask)
        numbers.extend(-1 if w is None else w for w in e.word_ids)
        numbers.extend(-1 if s is None else s for s in e.sequence_ids)
        sha.update(numbers.tobytes())
    return sha.hexdigest()


def code_points(last=0x110000):
    """Every code point below `last` alone, and between letters, added tokens and punctuation."""
    for c in (chr(c) for c in SCALARS if c < last):
        yield c, f"un{c}able {c}ice{c} CO2{c}<br>{c}Sea Level{c}[MASK]{c}."


def real_hashes(shared, only):
    data, vocabularies = os.path.join(shared, "data"), os.path.join(shared, "tokenizers")
    udhr = [open(f, encoding="utf-8").read() for f in sorted(glob.glob(f"{data}/text/udhr/*.txt"))]
    evidence = json.load(open(f"{data}/claims/evidence.json", encoding="utf-8"))
    claims = [c for part in ("train", "dev") for c in json.load(open(f"{data}/claims/{part}-claims.json", encoding="utf-8")).values()]
    pairs = [(c["claim_text"], evidence[e]) for c in claims for e in c["evidences"]]
    hashes = {}
    with tempfile.TemporaryDirectory() as directory:
        for name, files, settings, last in [
                ("bert-base-uncased", ["vocab.txt"], {"tokenizer_class": "BertTokenizer", "do_lower_case": True}, 0x110000),
                ("bert-base-uncased", ["tokenizer.json"], {"tokenizer_class": "PreTrainedTokenizerFast"}, 0x110000),
                ("bert-base-cased", ["vocab.txt"], {"tokenizer_class": "BertTokenizer", "do_lower_case": False}, 0x110000),
                ("gpt2", ["vocab.json", "merges.txt"], {"tokenizer_class": "GPT2Tokenizer"}, 0x3400),
                ("roberta-base", ["vocab.json", "merges.txt"], {"tokenizer_class": "RobertaTokenizer"}, 0x3400)]:
            if only is not None and only != name:
                continue
            folder = os.path.join(directory, name, files[0])
            os.makedirs(folder)
            for file in files:
                shutil.copy(os.path.join(vocabularies, name, file), folder)
            write(folder, "tokenizer_config.json", settings)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            hashes[f"{name}/{files[0]}"] = {
                "code points": digest(tokenizer, code_points(last)),
                "udhr": digest(tokenizer, ((text, None) for text in udhr)),
                "claims": digest(tokenizer, pairs)}
    return hashes


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--target", default=TARGET)
    arguments.add_argument("--pipelines", action="store_true", help="only those of make_pipelines, and no hashes")
    arguments.add_argument("--real", help="the folder that holds tokenizers and data; else the old hashes stay")
    arguments.add_argument("--only", help="with --real: this vocabulary alone, and nothing else")
    options = arguments.parse_args()
    hashes_file = os.path.join(options.target, "hashes.json")
    hashes = json.load(open(hashes_file, encoding="utf-8")) if os.path.exists(hashes_file) else {}
    names = [] if options.pipelines or options.only else make_folders(options.target)
    pipelines = [] if options.only else make_pipelines(options.target)
    for name in names + pipelines:
        short = name in pipelines
        tokenizer = AutoTokenizer.from_pretrained(os.path.join(options.target, name))
        if name in HASHED and not options.pipelines:
            hashes[name] = {"code points": digest(tokenizer, code_points())}
        tokenizer = AutoTokenizer.from_pretrained(os.path.join(options.target, name))
        tokenizer.backend_tokenizer.no_padding()
        with open(os.path.join(options.target, f"{name}.jsonl"), "w", encoding="utf-8") as out:
            least = tokenizer.backend_tokenizer.num_special_tokens_to_add(True)
            everything = [*cases(random.Random(1), max(3, least)), *decode_cases(sorted(tokenizer.get_vocab().values()), 40, random.Random(2))]
            for case in everything:
                expected = reference(tokenizer, case)
                expected = expected if len(expected) <= (SHORT if short else LONG) else f"CRC-32 {crc(expected)}"
                out.write(json.dumps({"case": case, "expected": expected}, ensure_ascii=False, separators=(",", ":")) + "\n")
    if options.real:
        hashes |= real_hashes(options.real, options.only)
    write(options.target, "hashes.json", {"made by": "src/reference/golden_tokenizer.py", **hashes})


if __name__ == "__main__":
    main()
