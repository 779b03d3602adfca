"""Writes the small Parquet files of the tests: tasks/src/test/resources/dev/merapi/data/parquet. Needs pyarrow, which nothing else here does.

    python src/reference/parquet_files.py
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 12
FOLDER = Path(__file__).parents[2] / "tasks/src/test/resources/dev/merapi/data/parquet"

table = pa.table({
    "id": pa.array([f"r{i}" for i in range(ROWS)]),
    "text": pa.array([f'No. {i}, "quoted"\nä 😀' for i in range(ROWS)]),
    "label": pa.array([["no", "yes"][i % 2] for i in range(ROWS)]).dictionary_encode(),
    "stars": pa.array([i % 5 + 1 for i in range(ROWS)], pa.int32()),
    "joy": pa.array([i % 3 == 0 for i in range(ROWS)]),
    "fear": pa.array([i % 2 for i in range(ROWS)], pa.int8()),
    "weight": pa.array([None if i == 7 else i / 4 for i in range(ROWS)], pa.float64()),
    "tokens": pa.array([[i, i + 1] for i in range(ROWS)]),
})
FOLDER.mkdir(parents=True, exist_ok=True)
for packing in ("none", "gzip", "snappy", "zstd"):
    pq.write_table(table, FOLDER / f"{packing}.parquet", compression=packing, row_group_size=5, store_schema=False)
pq.write_table(table, FOLDER / "pages2.parquet", compression="snappy", data_page_version="2.0", use_dictionary=False, store_schema=False)
