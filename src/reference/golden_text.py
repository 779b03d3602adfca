"""The text form of golden values, for modules without a reader of safetensors or JSON.

    # made by src/reference/golden_ops.py
    linear.x 3 2 : 0.5 -1.25 3.0 1e-05 2.0 7.0
    linear.loss : 1.5

A line is a name, its shape (nothing for a scalar), a colon, and the values in row-major order. Floats are the shortest decimals that give
back the same float32 (or float64, where a script says so); integers have no point. Lines that start with # are comments.
"""

import numpy as np


def format_line(name, value):
    array = np.asarray(value)
    if array.dtype == object or not np.isfinite(array).all():
        raise ValueError(f"{name}: {array}, expected finite numbers")
    values = [str(v) for v in array.reshape(-1)]
    return " ".join([name, *map(str, array.shape), ":", *values])


def write(path, script, values, wide=()):
    """Writes name → number or array, floats as float32 unless their name ends with one of `wide`."""
    lines = [f"# made by {script}"]
    for name, value in values.items():
        array = np.asarray(value)
        if array.dtype.kind == "f" and not name.endswith(tuple(wide)):
            array = array.astype(np.float32)
        lines.append(format_line(name, array))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{path.name}: {len(values)} values, {path.stat().st_size} bytes")
