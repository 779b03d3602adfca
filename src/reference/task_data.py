"""Cuts the shared data of tweets and reviews into files that both sides train on; used by train_tasks.py and bench_tasks.py.

    python src/reference/task_data.py SPLITS

writes, each with a fixed seed and the columns of the original:

    tweets-train.csv    14,727   tweets that are not neutral, nine tenths of each sentiment
    tweets-dev.csv       1,636   the others
    reviews-train.csv    4,000   Coursera reviews, as many of each number of stars
    reviews-dev.csv        500
    reviews-test.csv     1,000

Emotions come cut: `emotions/train.csv` has 2,764 rows, `emotions/dev.csv` 115.
"""

import csv
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
SEED = 42


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def strata(rows, column):
    """The rows by their value in a column, each group in random order."""
    groups = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    generator = random.Random(SEED)
    for value in sorted(groups):
        generator.shuffle(groups[value])
    return [groups[value] for value in sorted(groups)]


def parts(rows, column, sizes):
    """Parts of these sizes, each with the same share of every stratum, in random order."""
    generator = random.Random(SEED)
    groups = strata(rows, column)
    taken = [0] * len(groups)
    for size in sizes:
        part = []
        for k, group in enumerate(groups):
            share = round(size * (k + 1) / len(groups)) - round(size * k / len(groups))
            part += group[taken[k] : taken[k] + share]
            taken[k] += share
        generator.shuffle(part)
        yield part


def tweets(folder):
    rows = [row for row in read(DATA / "tweets" / "train.csv") if row["sentiment"] != "neutral"]
    train, dev = [], []
    for group in strata(rows, "sentiment"):
        held = round(len(group) / 10)
        dev += group[:held]
        train += group[held:]
    random.Random(SEED).shuffle(train)
    write(folder / "tweets-train.csv", train)
    write(folder / "tweets-dev.csv", dev)


def reviews(folder):
    rows = read(DATA / "reviews" / "coursera_balanced.csv")
    for name, part in zip(("train", "dev", "test"), parts(rows, "LABEL_COLUMN_NAME", (4000, 500, 1000))):
        write(folder / f"reviews-{name}.csv", part)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    tweets(folder)
    reviews(folder)
    for path in sorted(folder.glob("*.csv")):
        print(f"{len(read(path)):6} {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1])) if len(sys.argv) == 2 else sys.exit(__doc__)
