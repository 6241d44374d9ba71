import pytest
import torch
from torch import Tensor

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, random_batch
from textcl.objectives.composed import Sum
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.sup_con import SupCon
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective

SCORES = [0.0, 1.0, 0.5, 1.0]


class Online(Objective):
    """Pulls each view towards its target, and keeps the targets of the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: tuple[Tensor, ...] = ()

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        return (batch.views[0] - batch.targets[0]).square().mean()

    def readings(self) -> dict[str, float]:
        return {"age": 2.0}

    def after_step(self, batch: EmbeddedBatch) -> None:
        self.seen = batch.targets


class Momentum(Online):
    def __init__(self, momentum: float = 0.9) -> None:
        super().__init__()
        self.momentum = momentum


def apart(rows: int = 4) -> EmbeddedBatch:
    """A batch whose targets are not its views."""
    batch, other = random_batch(rows), random_batch(rows, seed=1)
    return EmbeddedBatch(batch.views, other.targets, batch.roles, batch.identity)


def test_loss_is_the_weighted_sum_and_each_term_has_a_name_of_its_own() -> None:
    batch = random_batch(4, scores=SCORES)
    members = [InfoNCE(), CosineRegression(), InfoNCE(0.5)]
    objective = Sum(members, weights=[1.0, 2.0, 0.1])
    expected = [InfoNCE()(batch).item(), 2 * CosineRegression()(batch).item(), 0.1 * InfoNCE(0.5)(batch).item()]
    terms = objective.terms(batch)
    assert list(terms) == ["InfoNCE 1", "CosineRegression", "InfoNCE 2"]
    assert [term.item() for term in terms.values()] == pytest.approx(expected)
    assert objective(batch).item() == pytest.approx(sum(expected))


def test_without_weights_each_objective_counts_once() -> None:
    batch = random_batch(4, scores=SCORES)
    expected = InfoNCE()(batch) + CosineRegression()(batch)
    assert Sum([InfoNCE(), CosineRegression()])(batch).item() == pytest.approx(expected.item())


def test_one_momentum_is_passed_on() -> None:
    assert Sum([InfoNCE(), Online()]).momentum is None
    assert Sum([InfoNCE(), Momentum(), Momentum()]).momentum == 0.9
    assert Matryoshka(Sum([Momentum(0.0)]), [2], 6).momentum == 0.0


def test_two_values_of_momentum_are_refused() -> None:
    with pytest.raises(ValueError, match=r"found 2 values of momentum, .*0\.9.* one moving average"):
        Sum([Momentum(), Momentum(0.99)])


def test_a_teacher_beside_a_moving_average_is_refused() -> None:
    assert Sum([InfoNCE(), Distillation(6, 6)]).wants_teacher
    with pytest.raises(ValueError, match="a run has one target"):
        Sum([Momentum(), Distillation(6, 6)])


def test_objectives_with_a_momentum_see_the_moving_average_and_others_the_online_embeddings() -> None:
    batch = apart()
    online, average = Online(), Momentum()
    objective = Sum([online, average])
    terms = objective.terms(batch)
    assert terms["Online"].item() == 0.0
    assert terms["Momentum"].item() == Momentum()(batch).item() > 0
    objective.after_step(batch)
    assert all(torch.equal(*pair) for pair in zip(online.seen, batch.views, strict=True))
    assert all(torch.equal(*pair) for pair in zip(average.seen, batch.targets, strict=True))
    assert not any(target.requires_grad for target in online.seen)


def test_beside_a_teacher_the_others_see_the_online_embeddings() -> None:
    batch = apart()
    terms = Sum([Online(), Distillation(6, 6)]).terms(batch)
    assert terms["Online"].item() == 0.0
    assert terms["Distillation"].item() == pytest.approx(Distillation(6, 6)(batch).item())


def test_readings_carry_the_name_of_their_objective() -> None:
    readings = Sum([Online(), InfoNCE(), Online()]).readings()
    assert readings == {"Online 1 age": 2.0, "InfoNCE temperature": 0.05, "Online 2 age": 2.0}


def test_what_one_objective_refuses_is_refused() -> None:
    objective = Sum([InfoNCE(), SupCon()])
    with pytest.raises(ValueError, match="rows without labels, but SupCon"):
        objective.check([ANCHOR, POSITIVE], scored=True, labelled=False)
    with pytest.raises(ValueError, match="but SupCon takes"):
        objective.check([ANCHOR, POSITIVE, NEGATIVE], scored=True, labelled=True)
    objective.check([ANCHOR, POSITIVE], scored=False, labelled=True)


def test_no_objectives_and_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="objectives: found none"):
        Sum([])
    with pytest.raises(ValueError, match=r"weights: found \[1.0\], but there must be 2 numbers above 0"):
        Sum([InfoNCE(), SupCon()], weights=[1.0])


def test_projections_are_those_of_the_first_objective_with_a_projector() -> None:
    batch = random_batch(4)
    siamese = SimSiam(6, projection=5, bottleneck=4).double()
    projected = Sum([InfoNCE(), siamese]).projected(batch)
    assert projected is not None
    torch.testing.assert_close(projected, siamese.projected(batch))
    assert Sum([InfoNCE()]).projected(batch) is None
