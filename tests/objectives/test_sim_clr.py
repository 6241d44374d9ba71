import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.sim_clr import SimCLR
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


def without_head(temperature: float) -> SimCLR:
    objective = SimCLR(5, temperature)
    objective.projector = nn.Identity()
    return objective


def naive(batch: EmbeddedBatch, temperature: float) -> float:
    """View by view against all others of the batch, in plain Python."""
    rows, positions = len(batch.views[0]), [(v, i) for v in range(len(batch.views)) for i in range(len(batch.views[0]))]
    texts = [{view[i].item() for view in batch.identity} for i in range(rows)]

    def exponential(one: tuple[int, int], other: tuple[int, int]) -> float:
        a, b = (batch.views[view][row].tolist() for view, row in (one, other))
        return math.exp(sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b) / temperature)

    losses = []
    for view, i in positions:
        negatives = sum(exponential((view, i), (w, j)) for w, j in positions if not texts[i] & texts[j])
        for other in range(len(batch.views)):
            if other != view:
                own = exponential((view, i), (other, i))
                losses.append(-math.log(own / (own + negatives)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("positives", [1, 2])
def test_loss_equals_a_naive_loop(positives: int) -> None:
    batch = embedded(5, positives=positives)
    assert without_head(0.3)(batch).item() == pytest.approx(naive(batch, 0.3), abs=1e-12)


def test_masked_loss_equals_a_naive_loop() -> None:
    batch = with_identity(embedded(5), [0, 0, 2, 3, 4], [10, 11, 12, 12, 3])
    assert without_head(0.3)(batch).item() == pytest.approx(naive(batch, 0.3), abs=1e-12)
    assert without_head(0.3)(batch).item() != pytest.approx(naive(embedded(5), 0.3), abs=1e-3)


def test_two_rows_of_equal_embeddings_leave_each_view_three_to_choose_from() -> None:
    ones = torch.ones(2, 5)
    batch = EmbeddedBatch((ones, ones), (ones, ones), (Role.ANCHOR, Role.POSITIVE), embedded(2).identity)
    assert without_head(0.1)(batch).item() == pytest.approx(math.log(3))


def test_rows_that_are_all_one_text_have_loss_zero() -> None:
    assert without_head(0.1)(with_identity(embedded(3), [1, 1, 1], [1, 1, 1])).item() == 0.0


def test_the_loss_reads_what_the_projector_gives_for_all_views_at_once() -> None:
    batch, objective = embedded(4), SimCLR(5, 0.3, projection=3).double()
    projected = objective.projector(torch.cat(batch.views)).detach()
    assert projected.shape == (8, 3)
    of_heads = EmbeddedBatch(projected.split(4), batch.targets, batch.roles, batch.identity)
    assert objective(batch).item() == pytest.approx(naive(of_heads, 0.3), abs=1e-12)


def test_two_views_equal_the_cross_entropy_over_all_others() -> None:
    batch = embedded(4)
    unit = F.normalize(torch.cat(batch.views), dim=1)
    logits = (unit @ unit.T / 0.5).fill_diagonal_(-torch.inf)
    expected = F.cross_entropy(logits, torch.arange(8).roll(4))
    assert without_head(0.5)(batch).item() == pytest.approx(expected.item(), abs=1e-12)


def test_negatives_and_single_views_are_refused() -> None:
    for roles in ([Role.ANCHOR], [Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE]):
        with pytest.raises(ValueError, match="but SimCLR takes 1 anchor, 1 or more positive"):
            SimCLR(5).check(roles, scored=False, labelled=False)


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"projection": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        SimCLR(5, **settings)
