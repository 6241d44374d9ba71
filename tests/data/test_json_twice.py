"""A JSON object with two values of one name."""

from pathlib import Path

import pytest

from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError


def test_a_column_that_is_there_twice_is_named(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text(
        '{"anchor": "a", "positive": "b"}\n{"anchor": "a", "positive": "b", "anchor": "c"}\n'
    )
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: column 'anchor' is there twice; keep one of them"):
        JsonLines(str(tmp_path / "a.jsonl"))
