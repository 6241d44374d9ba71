import math

import pytest
import torch
import torch.nn.functional as F

from tests.objectives.batches import embedded
from tests.objectives.collapse import WIDTH, spread, trained
from textcl.objectives.swav import SwAV, sinkhorn
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role
from textcl.util.seeds import seeded


def made(frozen_steps: int = 0, projection: int | None = None) -> SwAV:
    torch.manual_seed(0)
    return SwAV(5, hidden=7, projection=projection, prototypes=4, frozen_steps=frozen_steps).double()


def naive(objective: SwAV, batch: EmbeddedBatch) -> float:
    """Codes of the first two views, predicted by every other view, row by row in plain Python."""
    prototypes = F.normalize(objective.prototypes, dim=1)
    scores = [F.normalize(objective.projector(view), dim=1) @ prototypes.T for view in batch.views]
    losses = []
    for giver in (0, 1):
        codes = sinkhorn(scores[giver], objective.epsilon, objective.sinkhorn_iterations)
        for view, score in enumerate(scores):
            if view == giver:
                continue
            for row, code in zip((score / objective.temperature).tolist(), codes.tolist(), strict=True):
                total = sum(math.exp(logit) for logit in row)
                losses.append(-sum(c * math.log(math.exp(x) / total) for c, x in zip(code, row, strict=True)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("views", [2, 3, 4])
@pytest.mark.parametrize("projection", [None, 3])
def test_loss_equals_a_naive_loop(views: int, projection: int | None) -> None:
    objective, batch = made(projection=projection), embedded(6, positives=views - 1)
    assert objective(batch).item() == pytest.approx(naive(objective, batch), abs=1e-12)


def test_short_crops_predict_codes_and_give_none(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, batch, coded = made(), embedded(6, positives=3), []

    def remembering(scores: torch.Tensor, epsilon: float, iterations: int) -> torch.Tensor:
        coded.append(scores)
        return sinkhorn(scores, epsilon, iterations)

    monkeypatch.setattr("textcl.objectives.swav.sinkhorn", remembering)
    leaves = [view.requires_grad_() for view in batch.views]
    objective(batch).backward()
    prototypes = F.normalize(objective.prototypes, dim=1)
    expected = [F.normalize(view, dim=1) @ prototypes.T for view in batch.views[:2]]
    assert len(coded) == 2
    assert all(map(torch.equal, coded, expected))
    assert all(leaf.grad is not None and leaf.grad.abs().sum() > 0 for leaf in leaves)


def test_codes_take_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, batch = made(), embedded(6)
    found = torch.autograd.grad(objective(batch), objective.prototypes)[0]
    fixed = iter([sinkhorn(objective._scores(objective._features(view)).detach(), 0.05, 3) for view in batch.views])
    monkeypatch.setattr("textcl.objectives.swav.sinkhorn", lambda *_: next(fixed))
    torch.testing.assert_close(torch.autograd.grad(objective(batch), objective.prototypes)[0], found)


def test_the_length_of_prototypes_and_features_does_not_matter() -> None:
    objective, batch = made(), embedded(6)
    before = objective(batch).item()
    with torch.no_grad():
        objective.prototypes.mul_(torch.tensor([[3.0], [0.1], [7.0], [1.0]]))
    views = tuple(view * 9 for view in batch.views)
    assert objective(EmbeddedBatch(views, views, batch.roles, batch.identity)).item() == pytest.approx(
        before, abs=1e-12
    )


def test_views_may_stand_in_any_order() -> None:
    objective, batch = made(), embedded(6, positives=2)
    order = (1, 0, 2)  # the anchor second, the long positive still before the short one
    turned = EmbeddedBatch(*(tuple(part[view] for view in order) for part in (batch.views, batch.targets, batch.roles)),
                           identity=tuple(batch.identity[view] for view in order))  # fmt: skip
    assert objective(turned).item() == pytest.approx(objective(batch).item(), abs=1e-12)


def test_prototypes_stand_still_for_the_frozen_steps_and_learn_after_them() -> None:
    objective, batch = made(frozen_steps=2), embedded(6)
    learns = []
    for _ in range(4):
        objective.zero_grad()
        leaf = batch.views[0].detach().requires_grad_()
        objective(EmbeddedBatch((leaf, batch.views[1]), batch.targets, batch.roles, batch.identity)).backward()
        learns.append(objective.prototypes.grad is not None)
        assert leaf.grad is not None
        objective.after_step(batch)
    assert learns == [False, False, True, True]


def test_frozen_prototypes_are_not_decayed_by_the_optimiser_either() -> None:
    objective, batch = made(frozen_steps=1, projection=3), embedded(6)
    optimiser = torch.optim.AdamW(objective.parameters(), lr=0.1, weight_decay=0.5)
    before = objective.prototypes.clone()
    objective(batch).backward()
    optimiser.step()
    assert torch.equal(objective.prototypes, before)


def test_a_checkpoint_knows_how_many_steps_were_frozen() -> None:
    objective = made(frozen_steps=2)
    for _ in range(2):
        objective.after_step(embedded(6))
    restored = made(frozen_steps=2)
    restored.load_state_dict(objective.state_dict())
    restored(embedded(6)).backward()
    assert restored.prototypes.grad is not None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature": 0.0}, "temperature: found 0.0"),
        ({"epsilon": -1.0}, "epsilon: found -1.0"),
        ({"prototypes": 1}, "prototypes: found 1"),
        ({"sinkhorn_iterations": 0}, "sinkhorn_iterations: found 0"),
        ({"frozen_steps": -1}, "frozen_steps: found -1"),
        ({"hidden": 0}, "hidden: found 0"),
    ],
)
def test_settings_outside_their_range_are_refused(setting: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SwAV(5, **setting)


def test_negatives_are_refused() -> None:
    made().check([Role.ANCHOR, Role.POSITIVE, Role.POSITIVE], scored=False, labelled=False)
    with pytest.raises(ValueError, match="SwAV takes 1 anchor, 1 or more positive"):
        made().check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)


@pytest.mark.parametrize("seed", [0, 1])
def test_control_embeddings_collapse_without_sinkhorn(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> float:
        with seeded(seed):
            objective = SwAV(WIDTH, projection=None, prototypes=32, frozen_steps=0)
        return spread(trained(objective, seed, noise=0.5))

    assert run() > 0.4
    monkeypatch.setattr("textcl.objectives.swav.sinkhorn", lambda scores, epsilon, _: (scores / epsilon).softmax(dim=1))
    assert run() < 0.2
