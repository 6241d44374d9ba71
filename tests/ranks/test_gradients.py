"""Many processes give the loss and the gradient of one, in float64; controls that must not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.contracts.objectives import CASES
from tests.ranks.processes import Case, outcome, run
from tests.toy import PAIR, TRIPLET
from textcl.distributed import Ranks

EQUAL = [
    Case(name, rows, roles)
    for name, case in CASES.items()
    for roles in case.batches
    for rows in (12, 11, 2, 3)  # 11, 2 and 3 rows leave unequal or empty shares
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


@pytest.fixture(scope="module", params=[2, 4])
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[dict]]:
    """For each case what every rank computed."""
    cases = [*EQUAL, *REPEATING, FORGETFUL, MIXING]
    folder: Path = tmp_path_factory.mktemp("ranks")
    return dict(zip(cases, zip(*run(cases, request.param, folder), strict=True), strict=True))


@pytest.mark.parametrize(
    "case",
    [*EQUAL, *REPEATING],
    ids=lambda case: f"{case.objective}, {case.rows} rows, {'-'.join(case.roles)}{', repeats' * case.repeats}",
)
def test_ranks_give_the_loss_and_gradient_of_one_process(outcomes: dict[Case, list[dict]], case: Case) -> None:
    alone = outcome(case, Ranks())
    for rank in outcomes[case]:
        assert rank["loss"].item() == pytest.approx(alone["loss"].item(), abs=1e-12)
        assert rank["tokens"] == alone["tokens"]
        torch.testing.assert_close(rank["gradient"], alone["gradient"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", REPEATING, ids=lambda case: f"{case.objective}, {'-'.join(case.roles)}")
def test_control_the_loss_is_another_where_nothing_tells_that_two_ranks_hold_one_text(case: Case) -> None:
    published, untold = outcome(case, Ranks()), outcome(replace(case, repeats=False), Ranks())
    assert abs(published["loss"] - untold["loss"]) > 1e-3


def test_control_without_the_factor_the_gradient_is_too_small_by_the_number_of_ranks(
    outcomes: dict[Case, list[dict]],
) -> None:
    alone = outcome(FORGETFUL, Ranks())["gradient"]
    ranks = outcomes[FORGETFUL]
    torch.testing.assert_close(ranks[0]["gradient"] * len(ranks), alone, rtol=0, atol=1e-10)
    assert alone.norm() > 1e-3


def test_control_a_norm_over_the_batch_in_the_encoder_gives_another_gradient(outcomes: dict[Case, list[dict]]) -> None:
    alone = outcome(MIXING, Ranks())["gradient"]
    assert (outcomes[MIXING][0]["gradient"] - alone).norm() > 0.05 * alone.norm()
