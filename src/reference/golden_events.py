"""A TensorBoard event file, by TensorBoard's own writer, and a reader of ours.

Makes tasks/src/test/resources/dev/merapi/train/events.out.tfevents: the records that dev.merapi.train.TensorBoardLog must write for the
run of TensorBoardLogTest, with a clock that stands at 1,700,000,000.25 s. Needs the package `tensorboard`, nothing else of TensorFlow.

    python src/reference/golden_events.py [--out FILE]
    python src/reference/golden_events.py --read FOLDER      prints the scalars of a folder's event files, as TensorBoard loads them
"""

import argparse
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tasks/src/test/resources/dev/merapi/train/events.out.tfevents"
TIME = 1_700_000_000.25

SCALARS = [
    (1, "train/loss", 0.75),
    (1, "train/grad_norm", 3.5),
    (1, "train/learning_rate", 5e-5),
    (1, "train/epoch", 1 / 3),
    (1, "train/tokens_per_second", 400.0),
    (300, "train/loss", float("nan")),
    (300, "train/grad_norm", 0.0),
    (300, "train/learning_rate", 1e-300),
    (300, "train/epoch", 100.0),
    (300, "train/tokens_per_second", 1e6),
    (300, "eval/loss", 0.5),
    (300, "eval/accuracy", 1.0),
    (300, "eval/micro_f1", 0.25),
    (300, "eval/macro_f1", 0.125),
    (300, "eval/weighted_f1", 0.0625),
]


def write(out):
    with open(out, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=TIME, file_version="brain.Event:2").SerializeToString())
        for step, tag, value in SCALARS:
            if (step, tag) == (300, "train/loss"):
                session = SessionLog(status=SessionLog.START)
                writer.write(Event(wall_time=TIME, step=step, session_log=session).SerializeToString())
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=np.float32(value))])
            writer.write(Event(wall_time=TIME, step=step, summary=summary).SerializeToString())


def read(folder):
    for file in sorted(folder.rglob("*tfevents*")):
        print(file.name)
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                number = value.tensor.float_val[0] if value.HasField("tensor") else value.simple_value
                print(f"{event.step:6} {value.tag:28} {number:.7g}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--read", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    read(options.read) if options.read else write(options.out)
