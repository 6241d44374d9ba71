"""Many processes give the loss and the gradient of one, in float64; controls that must not."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from tests.contracts.objectives import CASES
from tests.ranks.processes import Case, outcome, run
from tests.toy import PAIR, TRIPLET
from textcl.distributed import Ranks

ROWS = (12, 11, 3, 2)  # 11, 3 and 2 rows leave unequal or empty shares
SOME = {2: (11, 2), 4: (12, 3)}  # by the number of processes, for losses that each process computes whole
COUNTS = [2, pytest.param(4, marks=pytest.mark.slow)]
IN_ROWS = ("InfoNCE", "CLIP", "SimCLR", "MoCo", "SupCon", "Distillation", "Sum", "Matryoshka", "CoSENT", "AnglE")


def equal(count: int) -> list[Case]:
    """What so many processes must compute as one does."""
    return [
        Case(name, rows, roles)
        for name, case in CASES.items()
        for roles in case.batches
        for rows in (ROWS if name.startswith(IN_ROWS) else SOME[count])
    ]


REPEATING = [
    Case("InfoNCE", roles=PAIR, repeats=True),
    Case("InfoNCE", roles=TRIPLET, repeats=True),
    Case("InfoNCE in all directions", roles=TRIPLET, repeats=True),
    Case("CLIP", repeats=True),
    Case("Distillation similarities", repeats=True),
    Case("MoCo with a short queue", repeats=True),
    Case("SimCLR", repeats=True),
]
FORGETFUL = Case("InfoNCE", forgets_factor=True)
MIXING = Case("InfoNCE", mixes_rows=True)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[Case, list[dict]]]:
    """For a number of processes, of each case what every rank computed."""

    @cache
    def of(count: int) -> dict[Case, list[dict]]:
        cases = [*equal(count), *REPEATING, FORGETFUL, MIXING]
        folder: Path = tmp_path_factory.mktemp("ranks")
        return dict(zip(cases, zip(*run(cases, count, folder), strict=True), strict=True))

    return of


@cache
def alone_of(case: Case) -> dict:
    """What one process computes."""
    return outcome(case, Ranks())


@pytest.mark.parametrize(
    ("count", "case"),
    [
        pytest.param(count, case, id=f"{count} ranks-{case.name}", marks=[pytest.mark.slow] if count == 4 else [])
        for count in SOME
        for case in (*equal(count), *REPEATING)
    ],
)
def test_ranks_give_the_loss_and_gradient_of_one_process(outcomes, count: int, case: Case) -> None:
    alone = alone_of(case)
    for rank in outcomes(count)[case]:
        assert rank["loss"].item() == pytest.approx(alone["loss"].item(), abs=1e-12)
        assert rank["tokens"] == alone["tokens"]
        torch.testing.assert_close(rank["gradient"], alone["gradient"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", REPEATING, ids=lambda case: f"{case.objective}, {'-'.join(case.roles)}")
def test_control_the_loss_is_another_where_nothing_tells_that_two_ranks_hold_one_text(case: Case) -> None:
    published, untold = outcome(case, Ranks()), outcome(replace(case, repeats=False), Ranks())
    assert abs(published["loss"] - untold["loss"]) > 1e-3


@pytest.mark.parametrize("count", COUNTS)
def test_control_without_the_factor_the_gradient_is_too_small_by_the_number_of_ranks(outcomes, count: int) -> None:
    alone = outcome(FORGETFUL, Ranks())["gradient"]
    ranks = outcomes(count)[FORGETFUL]
    torch.testing.assert_close(ranks[0]["gradient"] * len(ranks), alone, rtol=0, atol=1e-10)
    assert alone.norm() > 1e-3


@pytest.mark.parametrize("count", COUNTS)
def test_control_a_norm_over_the_batch_in_the_encoder_gives_another_gradient(outcomes, count: int) -> None:
    alone = outcome(MIXING, Ranks())["gradient"]
    assert (outcomes(count)[MIXING][0]["gradient"] - alone).norm() > 0.05 * alone.norm()
