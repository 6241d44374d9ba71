"""Readings by hand and against numpy, and when the alarm speaks."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.toy import PAIR
from textcl.errors import TrainingError
from textcl.training.monitor import CollapseAlarm, readings, readings_of_projections
from textcl.types.batches import EmbeddedBatch
from textcl.types.protocols import StepLog

HEALTHY = {"effective_rank": 40.0, "mean_cosine": 0.1, "identical_share": 0.0}
COLLAPSED = {"effective_rank": 1.1, "mean_cosine": 0.999, "identical_share": 0.0}


def batch(first: torch.Tensor, second: torch.Tensor | None = None, identity: list[int] | None = None) -> EmbeddedBatch:
    rows = torch.arange(len(first)) if identity is None else torch.tensor(identity)
    views = (first, first if second is None else second)
    return EmbeddedBatch(views, views, PAIR, (rows, rows + 1000))


def entry(step: int, read: dict[str, float]) -> StepLog:
    return StepLog(step, 100, 0.5, 1e-4, 1.0, 10.0, 100.0, 0.0, 0.0, readings=read)


def test_readings_of_four_corners_by_hand() -> None:
    corners = torch.tensor([[2.0, 0], [0, 3], [-1, 0], [0, -1]])
    read = readings(batch(corners, corners.roll(1, dims=1)))
    assert read["mean_cosine"] == pytest.approx((8 * 0 + 4 * -1) / 12)
    assert read["uniformity"] == pytest.approx(np.log((8 * np.exp(-4) + 4 * np.exp(-8)) / 12))
    assert read["effective_rank"] == pytest.approx(2)
    assert read["identical_share"] == 0
    assert read["alignment"] == pytest.approx(2)


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_effective_rank_equals_that_of_numpys_singular_values(shape: tuple[int, int]) -> None:
    rows = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    unit = (rows / rows.norm(dim=1, keepdim=True)).double().numpy()
    shares = np.linalg.svd(unit, compute_uv=False)
    shares /= shares.sum()
    assert readings(batch(rows))["effective_rank"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-5)


def test_equal_texts_are_no_sign_of_a_collapse() -> None:
    rows = torch.tensor([[1.0, 0], [1, 0], [0, 1]])
    assert readings(batch(rows, identity=[7, 7, 8]))["identical_share"] == 0
    assert readings(batch(rows, identity=[6, 7, 8]))["identical_share"] == pytest.approx(2 / 3)


def test_a_batch_of_equal_texts_and_zero_vectors_is_read_without_nan() -> None:
    read = readings(batch(torch.zeros(3, 2), identity=[1, 1, 1]))
    assert "mean_cosine" not in read
    assert all(np.isfinite(value) for value in read.values())


def test_projections_that_point_one_way_are_told_apart_from_the_embeddings() -> None:
    rows = torch.eye(4)
    projected = torch.ones(4, 9) + 1e-3 * torch.randn(4, 9, generator=torch.Generator().manual_seed(1))
    read = readings_of_projections(projected, batch(rows))
    assert read["projected_mean_cosine"] > 0.999
    assert read["projected_effective_rank"] < 1.1
    alarm = CollapseAlarm(stops=True)
    alarm(entry(1, HEALTHY | {"projected_mean_cosine": 0.2}))
    alarm(entry(2, HEALTHY | read))
    with pytest.raises(TrainingError, match=r"projected_mean_cosine is 1, beyond 0\.733; it was 0\.2"):
        alarm(entry(3, HEALTHY | {"projected_mean_cosine": read["projected_mean_cosine"]}))


def test_the_alarm_speaks_once_on_the_second_suspicion_and_names_the_number(caplog: pytest.LogCaptureFixture) -> None:
    alarm = CollapseAlarm()
    with caplog.at_level(logging.WARNING):
        for step, read in enumerate([HEALTHY, COLLAPSED, HEALTHY, COLLAPSED]):
            alarm(entry(step, read))
        assert not caplog.records
        for step in (5, 6):
            alarm(entry(step, COLLAPSED))
            alarm(entry(step, {}))
    assert len(caplog.records) == 1
    assert "Step 5: the embeddings are collapsing: effective_rank is 1.1, beyond 10; it was 40" in caplog.text


def test_sources_that_differ_are_no_collapse_and_a_collapse_of_one_is_heard_between_the_turns_of_others() -> None:
    narrow = replace_in(HEALTHY, effective_rank=4.0, mean_cosine=0.9)  # to the alarm a collapse, were it of one source
    alarm = CollapseAlarm(stops=True)
    for step in range(1, 9, 2):
        alarm(replace(entry(step, HEALTHY), source="faq"))
        alarm(replace(entry(step + 1, narrow), source="codes"))
    alarm(replace(entry(9, COLLAPSED), source="faq"))
    alarm(replace(entry(10, narrow), source="codes"))
    with pytest.raises(TrainingError, match=r"Step 11: the embeddings of source faq are collapsing: effective_rank"):
        alarm(replace(entry(11, COLLAPSED), source="faq"))


def test_control_the_same_readings_of_one_source_are_a_collapse() -> None:
    alarm = CollapseAlarm(stops=True)
    alarm(entry(1, HEALTHY))
    narrow = entry(2, replace_in(HEALTHY, effective_rank=4.0, mean_cosine=0.9))
    alarm(narrow)
    with pytest.raises(TrainingError, match="effective_rank is 4"):
        alarm(narrow)


def test_the_alarm_can_end_the_run() -> None:
    alarm = CollapseAlarm(first={"": HEALTHY}, stops=True)
    alarm(entry(1, COLLAPSED))
    with pytest.raises(TrainingError, match="effective_rank is 2, beyond 10"):
        alarm(entry(2, replace_in(HEALTHY, effective_rank=2.0)))


def test_an_encoder_that_starts_in_a_narrow_cone_is_not_suspected_for_it() -> None:
    start = replace_in(HEALTHY, mean_cosine=0.97)
    alarm = CollapseAlarm(stops=True)
    for step in range(5):
        alarm(entry(step, start))


def replace_in(read: dict[str, float], **changes: float) -> dict[str, float]:
    return {**read, **changes}
