"""Charts: positions, round values, and numbers that do not exist."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from textcl.evaluation.significance import Interval
from textcl.report.charts.axes import Scale
from textcl.report.charts.points import Mark, interval_chart, scatter_chart
from textcl.report.figures import Curve, curve_chart, histogram_chart, occupied
from textcl.report.score_rows import DASH


def tags(chart: Markup, name: str) -> list[ElementTree.Element]:
    return [element for element in ElementTree.fromstring(chart).iter() if element.tag == name]  # noqa: S314 (ours)


def positions(element: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (position.split(",") for position in element.attrib["points"].split())]


def test_a_scale_says_how_far_along_a_value_lies() -> None:
    assert Scale(10, 30).percent(15) == "25.00%"


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_round_rising_and_within_the_scale(low: float, width: float) -> None:
    scale = Scale(low, low + width)
    ticks = scale.ticks(4)
    assert 1 <= len(ticks) <= 4
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)


def test_ticks_are_the_round_values_one_would_write_by_hand() -> None:
    assert Scale(0, 100).ticks(5) == [0, 25, 50, 75, 100]
    assert Scale(48.1, 56.3).ticks(4) == [50, 52, 54, 56]
    assert [Scale(-0.3, 0.3).label(tick) for tick in Scale(-0.3, 0.3).ticks(3)] == ["\u22120.2", "0", "0.2"]


def test_a_scale_of_one_value_has_room_on_both_sides() -> None:
    assert 0 < Scale.over([5.0, math.nan]).share(5.0) < 1
    assert Scale.over([math.nan]).ticks()


def test_a_curve_runs_from_its_first_step_to_its_last() -> None:
    (line,) = tags(curve_chart(Curve("loss", "", (1, 2, 3), (3.0, 1.0, 2.0))), "polyline")
    (x1, y1), (x2, y2), (x3, y3) = positions(line)
    assert x3 == 1000
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert 0 < x1 < 150  # room for the values beside it
    assert y1 < y3 < y2  # downwards, as SVG counts
    assert line.attrib["data-values"] == "3 1 2"


def test_a_long_curve_is_averaged_and_keeps_its_range() -> None:
    values = tuple(float(step % 2) for step in range(10_000))
    chart = curve_chart(Curve("loss", "", tuple(range(10_000)), values))
    (line,) = tags(chart, "polyline")
    assert len(positions(line)) <= 240
    assert set(line.attrib["data-values"].split()) == {"0.5"}
    (band,) = tags(chart, "polygon")
    assert len({y for _, y in positions(band)}) == 2
    assert len(chart) < 20_000


def test_a_curve_of_one_point_can_be_seen() -> None:
    (line,) = tags(curve_chart(Curve("loss", "", (7,), (0.5,))), "polyline")
    assert len(positions(line)) == 2


def test_a_histogram_is_scaled_to_its_own_highest_bin() -> None:
    chart = histogram_chart([0, 0, 1, 2], [5, 10, 0, 0], Scale(-1, 1), "cosines")
    filled, dashed = tags(chart, "polyline")
    assert positions(filled) == [(500, 1000), (500, 500), (750, 500), (750, 0), (1000, 0), (1000, 1000)]
    assert min(y for _, y in positions(dashed)) == 0


def test_a_histogram_without_pairs_is_left_out() -> None:
    assert len(tags(histogram_chart([0, 0], [1, 2], Scale(-1, 1), ""), "polyline")) == 1


def test_histograms_are_cut_to_where_there_are_pairs_at_the_next_tenth() -> None:
    counts = [0] * 80
    counts[45] = 1  # from 0.125 to 0.15
    assert occupied([counts, [0] * 80]) == Scale(0.1, 0.2)
    assert occupied([[0] * 80]) == Scale(-1, 1)


def test_a_score_is_a_dot_on_the_line_of_its_interval() -> None:
    chart = interval_chart([Mark(Interval(0.5, 0.25, 0.75), "after")], Scale(0, 100), "sts")
    (dot,) = tags(chart, "circle")
    whisker = next(line for line in tags(chart, "line") if "whisker" in line.attrib["class"])
    assert dot.attrib["cx"] == "50.00%"
    assert (whisker.attrib["x1"], whisker.attrib["x2"]) == ("25.00%", "75.00%")
    assert "sts: 50.00 (25.00 … 75.00)" in chart


def test_a_score_that_does_not_exist_has_no_dot_and_reads_as_a_dash() -> None:
    nan = Interval(math.nan, math.nan, math.nan)
    chart = interval_chart([Mark(nan, "after")], Scale(0, 100), "sts")
    assert not tags(chart, "circle")
    assert f"sts: {DASH} ({DASH})" in chart
    assert not re.search("nan", chart, re.IGNORECASE)


def test_a_map_has_a_point_for_each_text_and_a_line_for_each_pair() -> None:
    chart = scatter_chart([(0, 0), (1, 1), (0.5, 0.5)], ["query", "document", "document g3"], [(0, 2)], "Map")
    points = tags(chart, "circle")
    assert [point.attrib["class"] for point in points] == ["query", "document", "document g3"]
    assert [point.attrib["tabindex"] for point in points] == ["0", "-1", "-1"]  # one stop of the Tab key
    (line,) = tags(chart, "line")
    assert line.attrib["data-pair"] == "0 2"
    assert (line.attrib["x1"], line.attrib["x2"]) == (points[0].attrib["cx"], points[2].attrib["cx"])


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", 'a "quoted" one & more'])
def test_labels_are_escaped(label: str) -> None:
    assert ElementTree.fromstring(scatter_chart([(0, 0)], [False], [], label)).attrib["aria-label"] == label  # noqa: S314
