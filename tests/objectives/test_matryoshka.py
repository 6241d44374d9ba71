from dataclasses import replace

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
from torch import Tensor, nn

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, random_batch
from textcl.objectives.distances import Distance
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.triplet import Triplet
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role

WIDTH = 6


class Lookup(nn.Module):
    """What sentence-transformers' losses need of a model: its features are its embeddings."""

    def get_embedding_dimension(self) -> int:
        return WIDTH

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"sentence_embedding": features["embedding"]}


class Recorder(Objective):
    """Keeps what it sees after a step, and follows a moving average."""

    momentum = 0.9

    def __init__(self, number: float = 3.0) -> None:
        super().__init__()
        self.number = number
        self.seen: EmbeddedBatch | None = None
        self.register_buffer("steps", torch.zeros(()))

    def check(self, roles: list[Role], *, scored: bool, labelled: bool) -> None:
        if not scored:
            raise ValueError("found no scores")

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        return batch.views[0].sum() + batch.targets[0].sum()

    def readings(self) -> dict[str, float]:
        return {"number": self.number}

    def after_step(self, batch: EmbeddedBatch) -> None:
        self.seen = batch
        self.steps += 1


def test_loss_equals_that_of_sentence_transformers() -> None:
    batch = random_batch(7, width=WIDTH)
    model = Lookup()
    theirs = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model), [WIDTH, 3, 1], [1.0, 0.5, 0.25])
    expected = theirs([{"embedding": view.detach()} for view in batch.views], labels=None)
    ours = Matryoshka(InfoNCE(temperature=0.05), [WIDTH, 3, 1], WIDTH, weights=[1.0, 0.5, 0.25])
    assert ours(batch).item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("distance", Distance)
def test_each_term_is_the_loss_of_the_first_coordinates(distance: Distance) -> None:
    batch = random_batch(5, (ANCHOR, POSITIVE, NEGATIVE), width=WIDTH)
    terms = Matryoshka(Triplet(1.0, distance), [2, WIDTH], WIDTH).terms(batch)
    short = tuple(view[:, :2] for view in batch.views)
    assert list(terms) == ["dimension 2", f"dimension {WIDTH}"]
    assert terms["dimension 2"].item() == pytest.approx(Triplet(1.0, distance)(replace(batch, views=short)).item())
    assert terms[f"dimension {WIDTH}"].item() == pytest.approx(Triplet(1.0, distance)(batch).item())


def test_a_cut_width_gives_no_gradient_to_the_coordinates_beyond() -> None:
    batch = random_batch(5, width=WIDTH)
    Matryoshka(InfoNCE(), [2], WIDTH)(batch).backward()
    assert batch.views[0].grad[:, 2:].abs().max() == 0
    assert batch.views[0].grad[:, :2].abs().max() > 0


def test_targets_are_cut_and_every_width_has_its_own_state() -> None:
    batch = random_batch(3, width=WIDTH)
    whole = Matryoshka(Recorder(), [4, 2], WIDTH)
    whole.after_step(batch)
    for copy, width in zip(whole.objectives, (4, 2), strict=True):
        for seen, given in zip((*copy.seen.views, *copy.seen.targets), (*batch.views, *batch.targets), strict=True):
            assert torch.equal(seen[:, :width], given[:, :width])
            assert seen.shape == given.shape
            assert seen[:, width:].abs().max() == 0
    whole.objectives[0].steps += 5
    assert [copy.steps.item() for copy in whole.objectives] == [6, 1]


def test_a_teachers_vectors_stay_whole() -> None:
    batch = random_batch(4, width=WIDTH)
    teacher = Matryoshka(Distillation(WIDTH, WIDTH), [2], WIDTH)
    zeros = torch.zeros(4, WIDTH - 2, dtype=torch.float64)
    cut = tuple(torch.cat([view[:, :2], zeros], dim=1) for view in batch.views)
    assert teacher.wants_teacher
    assert teacher(batch).item() == pytest.approx(Distillation(WIDTH, WIDTH)(replace(batch, views=cut)).item())


def test_what_the_objective_says_of_itself_is_passed_on() -> None:
    whole = Matryoshka(Recorder(), [4, 2], WIDTH)
    assert whole.momentum == 0.9
    assert not whole.wants_teacher
    assert whole.readings() == {"dimension 4 number": 3.0, "dimension 2 number": 3.0}
    with pytest.raises(ValueError, match="found no scores"):
        whole.check([ANCHOR], scored=False, labelled=False)
    whole.check([ANCHOR], scored=True, labelled=False)


@pytest.mark.parametrize("dimensions", [[], [0], [WIDTH + 1], [4, 4], [4, -1]])
def test_widths_out_of_range_or_named_twice_are_refused(dimensions: list[int]) -> None:
    with pytest.raises(ValueError, match=r"dimensions: found \[.*different widths from 1 to 6, the width of the"):
        Matryoshka(InfoNCE(), dimensions, WIDTH)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, float("nan")], []])
def test_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"weights: found \[.*\], but there must be 2 numbers above 0"):
        Matryoshka(InfoNCE(), [4, 2], WIDTH, weights=weights)


def test_projections_are_those_of_the_largest_width() -> None:
    batch = random_batch(4, width=WIDTH)
    objective = Matryoshka(SimSiam(WIDTH, projection=5, bottleneck=4).double(), [2, 4, 3], WIDTH)
    cut = replace(batch, views=tuple(torch.cat([view[:, :4], 0 * view[:, 4:]], dim=1) for view in batch.views))
    projected = objective.projected(batch)
    assert projected is not None
    torch.testing.assert_close(projected, objective.objectives[1].projected(cut))
    assert Matryoshka(InfoNCE(), [2], WIDTH).projected(batch) is None
