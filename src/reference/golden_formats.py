"""Golden files for the readers of safetensors and JSON, by torch, safetensors, huggingface_hub and Python's json.

Makes, under nn/src/test/resources/dev/merapi/nn/pretrained/,

- types.safetensors        a tensor of every type that the safetensors library writes for torch, with extreme values, in odd sizes
- types-f32.safetensors    the same names and shapes, each converted to float32 by torch
- sharded/                 a checkpoint in three files with their index: tensor t<i> [i + 1, 3] holds i + j/8, j = 0, 1, …
- plain.safetensors        four tensors in one file: what the writer must equal byte for byte
- python.json              json.dumps(indent=2) of a config with every kind of value, in the order given
- floats.txt               float64 numbers: their 64 bits in hexadecimal, then Python's repr

    python src/reference/golden_formats.py [--dest DIR]
"""

import argparse
import json
import math
import shutil
import struct
from pathlib import Path

import numpy as np
import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import save_file

from claims import ROOT

DEST = ROOT / "nn/src/test/resources/dev/merapi/nn/pretrained"
METADATA = {"script": "src/reference/golden_formats.py"}  # one member: the library writes them in no fixed order


def types():
    bits = lambda values, dtype: torch.tensor(np.array(values, dtype=np.int64)).to(torch.int16).view(dtype)
    codes = torch.arange(256, dtype=torch.int64).to(torch.uint8)
    halves = [0, 0x8000, 1, 0x3FF, 0x400, 0x3C00, 0xBC01, 0x7BFF, 0x7C00, 0xFC00, 0x7E01, 0x3555, 0x8203]
    brains = [0, 0x8000, 1, 0x7F, 0x80, 0x3F80, 0xBF81, 0x7F7F, 0x7F80, 0xFF80, 0x7FC1, 0x3EAB, 0x8003]
    doubles = [0.0, -0.0, 1 / 3, -1e300, 1e-300, 1 + 2**-24, 1 + 2**-24 + 2**-50, math.pi, math.inf, -math.inf, math.nan]
    longs = [0, -1, 2**24 + 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**40 + 2**16 + 1, 12345]
    unsigned = [0, 1, 2**24 + 1, 2**63, 2**64 - 1, 2**63 + 2**39, 2**63 + 2**39 + 1, 2**40 + 2**16 + 1]
    return {
        "bool": torch.tensor([True, False, True]),
        "u8": torch.tensor([0, 1, 127, 128, 255], dtype=torch.uint8),
        "i8": torch.tensor([0, 1, 127, -128, -1], dtype=torch.int8),
        "f8_e5m2": codes.clone().view(torch.float8_e5m2).reshape(16, 16),
        "f8_e4m3": codes.view(torch.float8_e4m3fn).reshape(16, 16),
        "i16": torch.tensor([0, 32767, -32768, -1], dtype=torch.int16),
        "u16": torch.tensor([0, 32767, 32768, 65535], dtype=torch.uint16),
        "f16": bits(halves, torch.float16),
        "bf16": bits(brains, torch.bfloat16),
        "i32": torch.tensor([[0, -1, 2**24 + 1], [2**31 - 1, -(2**31), 33554435]], dtype=torch.int32),
        "u32": torch.tensor([0, 2**24 + 1, 2**31, 2**32 - 1], dtype=torch.uint32),
        "f32": torch.tensor([0.0, -0.0, 1e-45, 3.4e38, math.inf, -math.inf, math.nan, 0.1], dtype=torch.float32),
        "i64": torch.tensor(longs, dtype=torch.int64),
        "u64": torch.tensor(np.array(unsigned, dtype=np.uint64)),
        "f64": torch.tensor(doubles, dtype=torch.float64),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(3, 0, 2),
    }


def config():
    return {
        "architectures": ["BertForSequenceClassification"],
        "label": "na\u00efve \u2192 \U0001f600 \"quoted\" \\ / \b\f\n\r\t\x00\x1f\x7f",
        "empty": {"list": [], "object": {}, "text": "", "nothing": None},
        "floats": [1e-12, 1e-05, 0.0001, 0.1, 1.0, 2.5e16, 123456789012345.6, -0.0, math.nan, math.inf, -math.inf],
        "integers": [0, -1, 30522, 2**63 - 1, int(1e30)],
        "nested": {"a": [[1, 2], {"b": [True, False]}]},
        "id2label": {"0": "anger", "1": "joy"},
    }


def floats():
    values = [0.0, -0.0, 1e-4, 1e-5, 9999e-8, 1e15, 1e16, 1e17, 123456789012345680.0, 1.7976931348623157e308]
    values += [2.2250738585072014e-308, 0.1 + 0.2, 1e22, 1e23, 9007199254740993.0, 2.0**63, 3e-05, 5e-05, 1e-12, 2e-2, 0.02]
    random = np.random.default_rng(7).integers(0, 2**63, 150, dtype=np.uint64).view(np.float64)
    decimals = np.random.default_rng(8).integers(1, 9999, 50) * 10.0 ** np.random.default_rng(9).integers(-12, 20, 50)
    values += [float(v) for v in random if np.isfinite(v)] + [float(v) for v in decimals]
    return "".join(f"{struct.pack('>d', v).hex()} {v!r}\n" for v in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dest", type=Path, default=DEST)
    dest = parser.parse_args().dest
    dest.mkdir(parents=True, exist_ok=True)

    tensors = types()
    save_file(tensors, dest / "types.safetensors", METADATA)
    save_file({k: v.to(torch.float32) for k, v in tensors.items()}, dest / "types-f32.safetensors", METADATA)

    shutil.rmtree(dest / "sharded", ignore_errors=True)
    (dest / "sharded").mkdir()
    steps = {f"t{i}": (i + torch.arange(3 * i + 3) / 8).reshape(i + 1, 3) for i in range(5)}
    save_torch_state_dict(steps, dest / "sharded", max_shard_size=80)

    plain = {k: torch.arange(n, dtype=torch.float32).reshape(s) / 3 for k, n, s in
             [("b.weight", 6, (2, 3)), ("a.bias", 3, (3,)), ("c\u00e9", 1, ()), ("b.bias", 2, (2, 1))]}
    save_file(plain, dest / "plain.safetensors", {"format": "pt"})

    (dest / "python.json").write_text(json.dumps(config(), indent=2) + "\n", encoding="utf-8")
    (dest / "floats.txt").write_text(f"# {METADATA['script']}\n" + floats(), encoding="utf-8")
    for path in dest.rglob("*"):
        if path.is_file():
            path.chmod(0o644)


if __name__ == "__main__":
    main()
