"""Files of texts that are wrong in some way: each verb works, or refuses the file by its name."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.faults.campaign import Case, try_cases
from tests.faults.changes import BAD_VALUES, changed_bytes
from tests.faults.commands import run
from tests.faults.judge import fault_of, half_written, steering
from tests.faults.material import json_lines, pair_rows, sts_rows

pytestmark = pytest.mark.faults
Rows = list[dict[str, Any]]
_ODD_TEXTS = (
    "", " ", "\t", "a\x00b", "\ud800", "\u200b", "[/red]x", "\x1b]0;owned\x07", "<script>x</script>", "=1+1", "nan",
    "None", "x" * 100_000, "日本語の文", "a\u2028b", "a\rb", '"', "''", "\ufeffa", "é", "🎸" * 50,
)  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "cp037", "shift-jis")
_PIECES = (b'"', b",", b"\t", b"\r", b"{", b"}", b"\\ud800", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[2J", b"null", b"NaN")


def test_a_verb_works_or_names_the_file_that_is_wrong(base: Path) -> None:
    try_cases("data", _case, base)


def _case(rng: random.Random) -> Case:
    ending, write = rng.choice(list(_WRITERS.items()))
    packing, pack = rng.choice(list(_PACKINGS.items()))
    is_graded = rng.random() < 0.3
    what, rows = _changed_rows(sts_rows() if is_graded else pair_rows(), rng)
    content = write(rows, rng)
    if rng.random() < 0.4:
        done, content = changed_bytes(content, rng, _PIECES)
        what = f"{what}, {done}"
    if not ending.endswith((".parquet", ".arrow")):
        content, ending = pack(content), ending + packing
    if rng.random() < 0.1:
        done, content = changed_bytes(content, rng)
        what = f"{what}, packed {done}"
    if rng.random() < 0.1:
        ending = rng.choice([*_WRITERS, ".xlsx", ".zip", ".gz", ".pdf", ""])
    file = f"own{ending}"
    words = rng.choice(_GRADED if is_graded else _PAIRS)

    def attempt(folder: Path) -> str | None:
        (folder / file).write_bytes(content)
        outcome = run([word.replace("OWN", file) for word in words], folder)
        return fault_of(outcome, ["own"]) or steering(outcome) or half_written(folder) or _no_number(folder)

    return Case(f"{' '.join(words[:2])} {file}: {what}", attempt)


_PAIRS = (
    ["check", "recipe.yaml", "data.sources.0.path=OWN"],
    ["train", "recipe.yaml", "training.steps=2", "data.sources=[{use: TextLines, path: OWN}]", "--out", "run"],
    ["init", "OWN", "--out", "i.yaml"],
    ["clean", "OWN", "--out", "c.jsonl"],
    ["encode", "model", "OWN", "--out", "v.npy"],
    ["encode", "model", "OWN", "--column", "anchor", "--out", "v.npy"],
    ["index", "model", "OWN", "--out", "own-ix"],
    ["leaks", "OWN", "./suite.yaml"],
    ["mine", "OWN", "--model", "model", "--out", "m.jsonl", "--range", "0:20"],
)
_GRADED = (["evaluate", "model", "sts:OWN", "--json", "e.json"], ["leaks", "texts.txt", "sts:OWN"])


def _changed_rows(rows: Rows, rng: random.Random) -> tuple[str, Rows]:
    """Put some odd values into rows, take columns away, or rows."""
    what = []
    for _ in range(rng.choice([0, 1, 1, 3])):
        row, name = rng.randrange(len(rows)), rng.choice(list(rows[0]))
        if rng.random() < 0.2:
            rows[row].pop(name, None)
            what.append(f"row {row} without {name}")
            continue
        rows[row][name] = rng.choice(_ODD_TEXTS if rng.random() < 0.6 else BAD_VALUES)
        what.append(f"row {row} {name}={str(rows[row][name])[:30]!a}")
    if rng.random() < 0.1:
        rows = rows[: rng.choice([0, 1, 2])]
        what.append(f"{len(rows)} rows")
    return ", ".join(what) or "as it was", rows


def _text(rows: Rows, rng: random.Random) -> bytes:
    encoding = rng.choice(_ENCODINGS)
    lines = "\n".join(str(next(iter(row.values()), "")) for row in rows)
    return lines.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def _json(rows: Rows, rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        return json.dumps(rows, indent=rng.choice([None, 1])).encode()
    return json_lines(rows)


def _table(delimiter: str) -> Callable[[Rows, random.Random], bytes]:
    def write(rows: Rows, rng: random.Random) -> bytes:
        file = io.StringIO()
        names = list(dict.fromkeys(name for row in rows for name in row)) or ["anchor"]
        quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        table = csv.DictWriter(file, names, delimiter=delimiter, quoting=quoting)
        table.writeheader()
        table.writerows(rows)
        encoding = rng.choice(_ENCODINGS)
        return file.getvalue().encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")

    return write


def _arrow_table(rows: Rows) -> Any:
    """Return a table of Arrow; a column that has no one type is of texts."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            columns[name] = pa.array([ascii(value) for value in values])
    return pa.table(columns)


def _parquet(rows: Rows, rng: random.Random) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(_arrow_table(rows), sink, compression=rng.choice(["snappy", "zstd", "none"]))
    return bytes(sink.getvalue())


def _arrow(rows: Rows, rng: random.Random) -> bytes:
    table, sink = _arrow_table(rows), pa.BufferOutputStream()
    with rng.choice([pa.ipc.new_file, pa.ipc.new_stream])(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


_WRITERS: dict[str, Callable[[Rows, random.Random], bytes]] = {
    ".txt": _text, ".jsonl": _json, ".csv": _table(","), ".tsv": _table("\t"), ".parquet": _parquet, ".arrow": _arrow,
}  # fmt: skip
_PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
}  # fmt: skip


def _no_number(folder: Path) -> str | None:
    """Say whether vectors that were written hold something that is no number."""
    file = folder / "v.npy"
    if file.exists() and not np.isfinite(np.load(file)).all():
        return "the vectors are not finite"
    return None
