"""Golden values for classification metrics, by scikit-learn with zero_division=0.

Makes tasks/src/test/resources/dev/merapi/metrics/metrics.txt in the form of golden_text.py; results are float64.

    single.<case>.classes, .labels, .predictions          K and two integer lists of N; a class may be absent from both
    single.<case>.accuracy                                share of equal entries
    single.<case>.confusion              [K, K]           rows are labels, columns predictions
    single.<case>.{precision,recall,f1}.{micro,macro,weighted}
    single.<case>.{precision,recall,f1}.each  [K]
    multi.<case>.labels, .predictions    [N, K]           0 or 1
    multi.<case>.accuracy                                 share of rows that are equal throughout (subset accuracy)
    multi.<case>.{precision,recall,f1}.{micro,macro,weighted,samples,each}

All K classes enter the macro average: a class that occurs nowhere counts as 0 (scikit-learn with labels=range(K)). Where a case has an
absent class, f1.macro_seen is the average over the classes that occur in labels or predictions, scikit-learn's own default.

    python src/reference/golden_metrics.py [--out FILE]
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from claims import ROOT
from golden_text import write

OUT = ROOT / "tasks/src/test/resources/dev/merapi/metrics/metrics.txt"
SCRIPT = "src/reference/golden_metrics.py"
NAMES = ("precision", "recall", "f1")


def averages(labels, predictions, classes, kinds):
    values = {}
    for kind in kinds:
        average = None if kind == "each" else kind
        scores = precision_recall_fscore_support(
            labels, predictions, labels=range(classes), average=average, zero_division=0
        )
        values |= {f"{name}.{kind}": score for name, score in zip(NAMES, scores)}
    return values


def single(classes, labels, predictions):
    values = {"classes": np.int64(classes), "labels": np.array(labels), "predictions": np.array(predictions)}
    values["accuracy"] = accuracy_score(labels, predictions)
    values["confusion"] = confusion_matrix(labels, predictions, labels=range(classes))
    values |= averages(labels, predictions, classes, ("micro", "macro", "weighted", "each"))
    if len(set(labels) | set(predictions)) < classes:
        values["f1.macro_seen"] = f1_score(labels, predictions, average="macro", zero_division=0)
    return values


def multi(labels, predictions):
    labels, predictions = np.array(labels), np.array(predictions)
    values = {"labels": labels, "predictions": predictions, "accuracy": accuracy_score(labels, predictions)}
    return values | averages(labels, predictions, labels.shape[1], ("micro", "macro", "weighted", "samples", "each"))


def cases():
    random = np.random.default_rng(5)
    draw = lambda n, p: random.choice(len(p), n, p=p).tolist()
    noisy = lambda labels, k: [y if random.random() < 0.6 else int(random.integers(k)) for y in labels]
    three, seven = draw(60, [0.2, 0.3, 0.5]), draw(40, [0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    bits = (random.random((20, 5)) < [0.1, 0.6, 0.2, 0.2, 0.3]).astype(int)
    flipped = bits ^ (random.random(bits.shape) < 0.2)
    empty = np.zeros((4, 3), int)
    return {
        "single.three": single(3, three, noisy(three, 3)),
        "single.seven": single(7, seven, noisy(seven, 7)),
        "single.perfect": single(3, [0, 1, 2, 2], [0, 1, 2, 2]),
        "single.all_wrong": single(3, [0, 1, 2, 2], [1, 2, 0, 0]),
        "single.one_predicted": single(3, [0, 1, 2, 2, 2], [2, 2, 2, 2, 2]),
        "single.absent_label": single(3, [0, 0, 1, 1], [0, 2, 1, 0]),
        "single.absent_class": single(4, [0, 1, 2, 2], [0, 2, 2, 1]),
        "single.one_row": single(2, [1], [1]),
        "multi.emotions": multi(bits, flipped.astype(int)),
        "multi.no_labels": multi(empty, [[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]]),
        "multi.no_predictions": multi([[0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], empty),
        "multi.nothing": multi(empty, empty),
        "multi.absent_column": multi([[1, 0, 0], [1, 1, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 0], [0, 1, 0]]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    values = {f"{case}.{name}": value for case, result in cases().items() for name, value in result.items()}
    write(parser.parse_args().out, SCRIPT, values, wide=tuple(values))


if __name__ == "__main__":
    main()
