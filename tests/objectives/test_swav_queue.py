"""SwAV's queue of earlier features, beside which codes are made."""

import pytest
import torch
import torch.nn.functional as F

from tests.objectives.batches import embedded
from textcl.objectives.swav import SwAV, sinkhorn
from textcl.types.batches import EmbeddedBatch


def made(queue_size: int, queue_delay: int = 0, projection: int | None = 3) -> SwAV:
    torch.manual_seed(0)
    settings = {"hidden": 7, "projection": projection, "prototypes": 4, "frozen_steps": 0}
    return SwAV(5, **settings, queue_size=queue_size, queue_delay=queue_delay).double()


def features(objective: SwAV, batch: EmbeddedBatch, view: int) -> torch.Tensor:
    return F.normalize(objective.projector(batch.views[view]), dim=1).detach()


def naive(objective: SwAV, batch: EmbeddedBatch, earlier: list[EmbeddedBatch]) -> float:
    """The paper's loss, with the features of whole earlier batches in front of each coded view."""
    prototypes = F.normalize(objective.prototypes, dim=1)
    rows, losses = len(batch.views[0]), []
    for giver, view in ((0, 1), (1, 0)):
        own = features(objective, batch, giver) @ prototypes.T
        before = [features(objective, other, giver) @ prototypes.T for other in earlier]
        codes = sinkhorn(torch.cat([*before, own]), objective.epsilon, objective.sinkhorn_iterations)[-rows:]
        predicted = features(objective, batch, view) @ prototypes.T / objective.temperature
        losses += [-(code * row.log_softmax(dim=0)).sum() for code, row in zip(codes, predicted, strict=True)]
    return torch.stack(losses).mean().item()


def test_codes_are_made_together_with_the_features_of_the_batches_before() -> None:
    objective, batches = made(12), [embedded(6, seed=seed) for seed in range(4)]
    for number, batch in enumerate(batches):
        earlier = batches[number - 2 : number] if number >= 2 else []  # the queue serves once it is full
        assert objective(batch).item() == pytest.approx(naive(objective, batch, earlier), abs=1e-12)
        objective.after_step(batch)
    assert naive(objective, batches[3], []) != pytest.approx(naive(objective, batches[3], batches[1:3]), abs=1e-3)


def test_the_newest_rows_take_the_place_of_the_oldest() -> None:
    objective, batches = made(8, projection=None), [embedded(6, seed=seed) for seed in range(2)]
    for batch in batches:
        objective.after_step(batch)
    first, second = (features(objective, batch, 0) for batch in batches)
    expected = torch.cat([second[2:], first[4:], second[:2]])  # slots 0 to 3, 4 to 5, 6 to 7
    torch.testing.assert_close(objective.queue[0], expected)


def test_a_batch_longer_than_the_queue_leaves_its_last_rows() -> None:
    objective, batch = made(4), embedded(6)
    objective.after_step(batch)
    assert {tuple(row) for row in objective.queue[1].tolist()} == {
        tuple(row) for row in features(objective, batch, 1)[2:].tolist()
    }


def test_the_features_of_the_first_steps_stay_outside() -> None:
    objective, batch = made(6, queue_delay=2), embedded(6)
    filled = []
    for _ in range(4):
        objective.after_step(batch)
        filled.append(objective.readings()["queue_filled"])
    assert filled == [0.0, 0.0, 1.0, 1.0]


def test_the_queue_takes_no_gradient_and_predicts_nothing() -> None:
    objective, batch = made(6), embedded(6)
    objective.after_step(batch)
    leaves = [view.clone().requires_grad_() for view in batch.views]
    objective(EmbeddedBatch(tuple(leaves), batch.targets, batch.roles, batch.identity)).backward()
    assert not objective.queue.requires_grad
    assert all(leaf.grad.abs().sum() > 0 for leaf in leaves)


def test_without_a_queue_there_is_nothing_to_read() -> None:
    assert made(0).readings() == {}


@pytest.mark.parametrize("name", ["queue_size", "queue_delay", "frozen_steps"])
def test_numbers_below_zero_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: found -1, but it must be 0 or more"):
        SwAV(5, **{name: -1})
