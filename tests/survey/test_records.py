"""The records of a file before its columns are named."""

import gzip
from pathlib import Path

import pytest

from textcl.errors import DataError
from textcl.survey.records import Records, open_records


def fields(opened: Records) -> list[dict[str, object]]:
    return [dict(row.fields) for row in opened.rows]


def test_json_lines_may_be_called_json(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"x": 1}\n{"x": 2}\n')
    opened = open_records(tmp_path / "a.json")
    assert (opened.use, fields(opened)) == ("JsonLines", [{"x": 1}, {"x": 2}])
    (tmp_path / "b.json").write_text('[\n{"x": 1}\n]\n')
    with pytest.raises(DataError, match=r"b\.json, line 1: starts an array, not an object\. .* jq"):
        list(open_records(tmp_path / "b.json").rows)


def test_an_ending_in_capitals_is_that_ending(tmp_path: Path):
    (tmp_path / "A.CSV.GZ").write_bytes(gzip.compress(b"x;y\n1;2\n"))
    opened = open_records(tmp_path / "A.CSV.GZ")
    assert (opened.use, opened.settings, fields(opened)) == ("CSV", {"delimiter": ";"}, [{"x": "1", "y": "2"}])


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_two_columns_of_one_name_are_refused_but_those_without_a_name_are_not(tmp_path: Path, ending: str):
    separator = "\t" if ending == "tsv" else ","
    path = tmp_path / f"a.{ending}"
    path.write_text("text,text \na,b\n".replace(",", separator))
    with pytest.raises(DataError, match=r"line 1: there are 2 columns 'text'; rename or drop all but one"):
        list(open_records(path).rows)
    path.write_text("text,,\na,,\n".replace(",", separator))
    assert [row["text"] for row in fields(open_records(path))] == ["a"]
