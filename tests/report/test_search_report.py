"""What was measured of search indexes, as tables, JSON and a picture."""

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from rich.console import Console

from textcl.benchmark.points import Build, Measured, Point, Speed
from textcl.report.search_tables import build_table, points_table, write_measured, write_tradeoff


def point(index: str, effort: int | None, recall: float, queries_per_second: float, ndcg: float | None = None) -> Point:
    one, many = Speed(1, 9, 0.5, 0.7, 0.9), Speed(256, 9, 256_000 / queries_per_second, 2.0, 3.0)
    return Point(index, effort, 384, one, many, recall, ndcg)


MEASURED = [
    Measured("exact", Build(0.5, 150_000_000, 160_000_000), (point("exact", None, 1.0, 900.0, 0.645),)),
    Measured(
        "IVF64,<b>", Build(3.2, 9_000_000, 20_000_000),
        (point("IVF64,<b>", 1, 0.6, 9000.0, 0.5), point("IVF64,<b>", 4, 0.9, 500.0, 0.6)),
    ),
]  # fmt: skip


def printed(table: object) -> str:
    screen = io.StringIO()
    Console(file=screen, width=140).print(table)
    return screen.getvalue()


def test_the_tables_show_builds_and_points_and_mark_the_front() -> None:
    assert "160" in printed(build_table(MEASURED))
    rows = [line for line in printed(points_table(MEASURED, 10)).splitlines() if line.startswith("│")]
    assert [("*" in row, "64.50" in row, "IVF64,<b> @ 4" in row) for row in rows] == [
        (True, True, False), (True, False, False), (False, False, True),
    ]  # fmt: skip
    assert "2,000" in rows[0]  # queries a second, one a call: 1 / 0.5 ms
    assert "ndcg" not in printed(
        points_table([Measured("exact", MEASURED[0].build, (point("exact", None, 1, 9),))], 10)
    )


def test_the_json_holds_all_that_was_measured(tmp_path: Path) -> None:
    write_measured(tmp_path / "bench.json", MEASURED, {"k": 10})
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["k"] == 10
    assert found["indexes"][1]["points"][1]["many"]["median_ms"] == 512.0


def test_the_picture_is_well_formed_and_says_each_point(tmp_path: Path) -> None:
    write_tradeoff(tmp_path / "bench.svg", MEASURED, 10)
    root = ElementTree.parse(tmp_path / "bench.svg").getroot()  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    titles = [title.text for title in root.iter(f"{space}title")]
    assert titles == [
        "exact: recall 1.000, 900 queries/s",
        "IVF64,<b> @ 1: recall 0.600, 9,000 queries/s",
        "IVF64,<b> @ 4: recall 0.900, 500 queries/s",
    ]
    marks = [mark.get("transform", "") for mark in root.iter(f"{space}path") if len(mark)]  # translate(x y)
    heights = [float(mark[:-1].split()[1]) for mark in marks]
    assert heights[1] < heights[0] < heights[2]  # faster is higher
