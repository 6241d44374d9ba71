"""The same rows as every kind of table, for tests."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from textcl.data.sources.arrow import Arrow
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.types.text import Source

Row = Mapping[str, object]


def as_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def as_tsv(path: Path, rows: Sequence[Row]) -> None:
    lines = ["\t".join(rows[0]), *("\t".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_jsonl(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def as_parquet(path: Path, rows: Sequence[Row]) -> None:
    pyarrow.parquet.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=2)


def as_feather(path: Path, rows: Sequence[Row]) -> None:
    pyarrow.feather.write_feather(pa.Table.from_pylist(list(rows)), str(path), compression="lz4", chunksize=2)


def as_stream(path: Path, rows: Sequence[Row]) -> None:
    table = pa.Table.from_pylist(list(rows))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def packed(write: Callable[[Path, Sequence[Row]], None]) -> Callable[[Path, Sequence[Row]], None]:
    def written(path: Path, rows: Sequence[Row]) -> None:
        write(path, rows)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return written


KINDS: dict[str, tuple[Callable[..., Source], Callable[[Path, Sequence[Row]], None]]] = {
    "rows.jsonl": (JsonLines, as_jsonl),
    "rows.jsonl.gz": (JsonLines, packed(as_jsonl)),
    "rows.csv": (CSV, as_csv),
    "rows.csv.gz": (CSV, packed(as_csv)),
    "rows.tsv": (TSV, as_tsv),
    "rows.tsv.gz": (TSV, packed(as_tsv)),
    "rows.parquet": (Parquet, as_parquet),
    "rows.feather": (Arrow, as_feather),
    "rows.arrow": (Arrow, as_stream),
}


def opened(folder: Path, kind: str, rows: Sequence[Row], **columns: object) -> Source:
    """Write rows as one kind of file, and open it."""
    source, write = KINDS[kind]
    write(folder / kind, rows)
    return source(str(folder / kind), **columns)
