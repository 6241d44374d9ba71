"""Which numbers of a log become curves."""

from typing import Any

from textcl.report.figures import run_curves


def line(step: int, loss: float, **more: Any) -> dict[str, Any]:
    return {"step": step, "loss": loss, "rows_per_second": 10.0, "terms": {}, "readings": {}, "source": "", **more}


def test_the_loss_comes_first_then_scores_then_the_readings() -> None:
    log = [line(1, 3.0, readings={"temperature": 0.1, "alignment": 0.5}), line(2, 2.0, terms={"CoSENT": 1.5})]
    titles = [curve.title for curve in run_curves(log, [{"step": 2, "sts/spearman": 0.5}])]
    assert titles == ["loss", "sts/spearman", "alignment", "rows per second", "temperature", "loss: CoSENT"]


def test_sources_that_take_turns_have_a_curve_each_of_what_differs_by_source() -> None:
    readings = {"mean_cosine": 0.1, "faq temperature": 0.05}
    log = [line(1, 3.0, source="faq", readings=readings), line(2, 9.0, source="wiki", readings=readings)]
    curves = {curve.title: curve for curve in run_curves(log, [])}
    names = ["faq: loss", "wiki: loss", "faq: mean cosine", "wiki: mean cosine", "rows per second", "faq temperature"]
    assert list(curves) == names
    assert (curves["faq: loss"].steps, curves["faq: loss"].values) == ((1,), (3.0,))
    assert (curves["wiki: loss"].steps, curves["wiki: loss"].values) == ((2,), (9.0,))
    assert curves["faq temperature"].steps == (1, 2)
    assert curves["wiki: mean cosine"].hint == "of different texts; near 1 is a collapse"
