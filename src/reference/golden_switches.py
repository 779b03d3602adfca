"""Golden values for the switches of configs that change what the same weights compute, or that must change nothing.

Makes nn/src/test/resources/dev/merapi/nn/golden/switches.json, `{"cases": […]}`, each with

- folder, head: a model of golden_models.py or golden_deberta.py, and sequence, token, qa or mlm
- config: the members of its config.json that are replaced
- logits: of its batch 0, sequence by sequence, packed; transformers in float64, row-major, rounded to float32

All weights must be in the folder: where a switch asks for others, transformers would draw them.

    python src/reference/golden_switches.py
"""

import json

import torch
import transformers
from safetensors.torch import load_file
from transformers.utils import logging

from compare_models import logits
from golden_models import DEST, HEADS

FILE = DEST.parent / "switches.json"
CASES = [
    *(("bert-c9-l2", "mlm", dict(hidden_act=name)) for name in [
        "gelu_new", "gelu_python", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate", "relu", "tanh",
    ]),
    ("bert-c9-l2", "sequence", dict(layer_norm_eps=0.01)),
    ("bert-c9-l2", "sequence", dict(tie_word_embeddings=False, chunk_size_feed_forward=1, use_cache=False, pooler_type="first_token_transform")),
    ("bert-c9-l2", "token", dict(pad_token_id=7, position_embedding_type="absolute", attn_implementation="sdpa")),
    ("bert-c9-l2", "qa", dict(problem_type="regression", classifier_dropout=0.5, dtype="float16")),
    ("roberta-c9-l2", "mlm", dict(hidden_act="tanh", layer_norm_eps=0.003)),
    ("roberta-c9-l2", "sequence", dict(hidden_act="relu", classifier_dropout=0.3)),
    ("roberta-c9-l2", "sequence", dict(pad_token_id=3)),
    ("distilbert-c9-l2", "mlm", dict(activation="gelu_new")),
    ("distilbert-c9-l2", "sequence", dict(sinusoidal_pos_embds=True, tie_weights_=True, hidden_act="relu")),
    ("electra-c9-e5-l2", "sequence", dict(hidden_act="relu", summary_type="mean", summary_use_proj=False, summary_activation="tanh")),
    ("electra-c9-e5-l2", "mlm", dict(hidden_act="tanh")),
    ("mpnet-c9-l2", "mlm", dict(hidden_act="relu", layer_norm_eps=1e-5)),
    ("mpnet-c9-l2", "sequence", dict(pad_token_id=5, position_embedding_type="absolute")),
    ("deberta-c9-l2-v3", "sequence", dict(pooler_hidden_act="relu", pos_att_type=["p2c"])),
    ("deberta-c9-l2-v3", "sequence", dict(pos_att_type="C2P | P2C", norm_rel_ebd="Layer_Norm | x", pooler_hidden_act="tanh")),
    ("deberta-c9-l2-v3", "token", dict(pos_att_type="c2p p2c", norm_rel_ebd="none")),
    ("deberta-c9-l2-v3", "token", dict(pos_att_type=["p2p", "c2p"], max_relative_positions=12)),
    ("deberta-c9-l2-v3", "qa", dict(relative_attention=False, position_biased_input=False)),
    ("deberta-c9-l2-v3", "qa", dict(pos_att_type=None)),
    ("deberta-c10-l1-own", "qa", dict(max_relative_positions=0, hidden_act="gelu_pytorch_tanh")),
    ("deberta-c10-l1-own", "mlm", dict(hidden_act="tanh", layer_norm_eps=0.001)),
    ("deberta-c6-l3-conv", "token", dict(conv_act="relu")),
    ("deberta-c6-l3-conv", "token", dict(conv_kernel_size=0)),
    ("deberta-c10-l1-p2c", "token", dict(type_vocab_size=0)),
]  # fmt: skip


@torch.inference_mode()
def run(name, head, changes):
    """The model with the changed config and the folder's weights, none of them drawn."""
    folder = DEST / name
    golden = load_file(folder / "golden.safetensors")
    config = json.loads((folder / "config.json").read_text()) | changes
    if head == "qa":
        config = {key: value for key, value in config.items() if key not in ("id2label", "label2id", "problem_type")}
    model_type = transformers.AutoConfig.for_model(config.pop("model_type"))
    config = type(model_type).from_dict(config)
    family = json.loads((folder / "config.json").read_text())["architectures"][0].removesuffix("ForSequenceClassification")
    model, loading = getattr(transformers, family + HEADS[head]).from_pretrained(
        folder, config=config, dtype=torch.float64, output_loading_info=True
    )
    if loading["missing_keys"] or loading["mismatched_keys"]:
        raise SystemExit(f"{name} {head} {changes}: {loading}")
    return logits(model.eval(), golden)


def main():
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    cases = []
    for name, head, changes in CASES:
        values = run(name, head, changes).reshape(-1).float()
        same = "as without" if torch.allclose(values, run(name, head, {}).reshape(-1).float(), atol=1e-6) else "other values"
        print(f"{name} {head} {changes}: {same}")
        cases.append(dict(folder=name, head=head, config=changes, logits=[float(f"{v:.9g}") for v in values.tolist()]))
    lines = ",\n".join(json.dumps(case) for case in cases)
    FILE.write_text(f'{{"made_by": "src/reference/golden_switches.py", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
