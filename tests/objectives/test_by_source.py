"""Each batch goes to the objective of its source, whose state no other batch moves."""

import copy
from dataclasses import replace

import pytest
import torch

from tests.toy import PAIR, WIDTH
from textcl.objectives.byol import BYOL
from textcl.objectives.composed import BySource, Sum
from textcl.objectives.cosine_regression import CosineRegression
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR
from textcl.types.batches import EmbeddedBatch


def batch(source: str, seed: int = 0) -> EmbeddedBatch:
    generator = torch.Generator().manual_seed(seed)
    views = tuple(torch.randn(6, WIDTH, generator=generator) for _ in PAIR)
    targets = tuple(torch.randn(6, WIDTH, generator=generator) for _ in PAIR)
    numbers = torch.arange(6)
    return EmbeddedBatch(views, targets, PAIR, (numbers, numbers + 6), scores=(numbers % 2).float(), source=source)


def test_a_batch_has_the_loss_and_the_terms_of_its_own_objective() -> None:
    graded = Sum([CosineRegression(), InfoNCE()])
    objective = BySource({"faq": InfoNCE(0.1), "graded": graded})
    for source, own in {"faq": InfoNCE(0.1), "graded": graded}.items():
        assert torch.equal(objective(batch(source)), own(batch(source)))
        assert objective.terms(batch(source)).keys() == own.terms(batch(source)).keys()


def test_state_moves_with_the_batches_of_its_source_alone() -> None:
    objective = BySource({"faq": InfoNCE(), "wiki": MoCo(WIDTH, momentum=0.5, queue_size=9)})
    before = copy.deepcopy(objective.state_dict())
    objective.after_step(batch("faq"))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    alone = copy.deepcopy(objective.objectives[1])
    objective.after_step(batch("wiki"))
    alone.after_step(batch("wiki"))
    moved = objective.objectives[1].state_dict()
    assert all(torch.equal(value, moved[name]) for name, value in alone.state_dict().items())
    assert not torch.equal(moved["queue"], before["objectives.1.queue"])


def test_sources_may_share_an_objective_and_its_state() -> None:
    shared = MoCo(WIDTH, momentum=0.5, queue_size=12)
    objective = BySource({"a": shared, "b": InfoNCE(0.5), "c": shared})
    assert len(objective.objectives) == 2
    objective.after_step(batch("a"))
    objective.after_step(batch("c"))
    assert objective.readings()["a+c queue_filled"] == 1.0
    assert objective.readings()["b temperature"] == 0.5


def test_an_objective_without_a_moving_average_sees_the_online_embeddings_beside_one_with() -> None:
    objective = BySource({"faq": Distillation(WIDTH, WIDTH), "wiki": InfoNCE()})
    given = batch("faq")
    assert not torch.equal(objective(given), objective(replace(given, targets=given.views)))  # a teacher's are its own
    plain = BySource({"faq": InfoNCE(), "wiki": BYOL(WIDTH, hidden=16, projection=4)})
    assert plain.momentum == BYOL(WIDTH, hidden=16, projection=4).momentum
    assert torch.equal(plain(given), InfoNCE()(replace(given, targets=given.views)))


def test_only_the_heads_of_the_batch_get_a_gradient() -> None:
    objective = BySource({"a": SimCLR(WIDTH, projection=4), "b": SimCLR(WIDTH, projection=4)})
    objective(batch("a")).backward()
    assert all(parameter.grad is not None for parameter in objective.objectives[0].parameters())
    assert all(parameter.grad is None for parameter in objective.objectives[1].parameters())
    assert objective.projected(batch("a")).shape == (6, 4)


def test_a_run_has_one_target() -> None:
    with pytest.raises(ValueError, match=r"found 2 values of momentum, 0\.5, 0\.9"):
        BySource({"a": MoCo(WIDTH, momentum=0.5), "b": MoCo(WIDTH, momentum=0.9)})
    with pytest.raises(ValueError, match="one that follows a teacher beside one that follows a moving average"):
        BySource({"a": MoCo(WIDTH), "b": Distillation(WIDTH, WIDTH)})
    with pytest.raises(ValueError, match="found none"):
        BySource({})
