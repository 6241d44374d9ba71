"""InfoNCE in its further settings: directions, shared softmax, hardness, margin, learned temperature."""

import itertools
import math

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.directions import Direction, pool_of
from textcl.objectives.info_nce import Hardened, InfoNCE
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role

THEIRS = {
    Direction.ANCHOR_TO_CANDIDATES: "query_to_doc",
    Direction.ANCHOR_TO_ANCHORS: "query_to_query",
    Direction.POSITIVE_TO_ANCHORS: "doc_to_query",
    Direction.POSITIVE_TO_CANDIDATES: "doc_to_doc",
}
THEIR_HARDNESS = {
    Hardened.OTHER_ROWS: "in_batch_negatives",
    Hardened.OWN_NEGATIVES: "hard_negatives",
    Hardened.ALL: "all_negatives",
}
FIRST, *FURTHER = Direction
SYMMETRIC = (Direction.ANCHOR_TO_CANDIDATES, Direction.POSITIVE_TO_ANCHORS)
JOINT = [(FIRST, *more) for count in range(4) for more in itertools.combinations(FURTHER, count)]
SETTINGS = [*[(directions, True) for directions in JOINT], ((FIRST,), False), (SYMMETRIC, False)]
every_setting = pytest.mark.parametrize(("directions", "shares_softmax"), SETTINGS)


def theirs(batch: EmbeddedBatch, **settings: object) -> float:
    loss = MultipleNegativesRankingLoss(model=None, scale=5.0, **settings)
    return loss.compute_loss_from_embeddings(list(batch.views), labels=None).item()


def naive(batch: EmbeddedBatch, directions: list[str], temperature: float, margin: float = math.inf) -> float:
    """All directions in one softmax, row by row and text by text, in plain Python."""
    rows, total = len(batch.views[0]), 0.0
    anchors, positives = batch.identity[0].tolist(), batch.identity[1].tolist()
    for i in range(rows):
        own = cosine(batch, (0, i), (1, i))
        exponentials = []
        for direction in directions:
            chooser = 0 if direction.startswith("anchor") else 1
            for view in [0] if direction.endswith("anchors") else range(1, len(batch.views)):
                for j in range(rows):
                    if i == j and {chooser, view} == {0, 1}:
                        exponentials.append(math.exp(own / temperature))
                        continue
                    if i == j and chooser == min(view, 1):
                        continue
                    known = {anchors[i], positives[i]}
                    known |= {
                        positives[k] if view else anchors[k]
                        for k in range(rows)
                        if (anchors[k] == anchors[i] if view else positives[k] == positives[i])
                    }
                    found = cosine(batch, (chooser, i), (view, j))
                    if batch.identity[view][j].item() not in known and found <= own + margin:
                        exponentials.append(math.exp(found / temperature))
        total += math.log(sum(exponentials)) - own / temperature
    return total / rows


def cosine(batch: EmbeddedBatch, one: tuple[int, int], other: tuple[int, int]) -> float:
    a, b = (batch.views[view][row].tolist() for view, row in (one, other))
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@every_setting
@pytest.mark.parametrize("negatives", [0, 2])
def test_directions_equal_those_of_sentence_transformers(
    directions: tuple[Direction, ...], shares_softmax: bool, negatives: int
) -> None:
    batch = embedded(6, negatives)
    mode = "joint" if shares_softmax else "per_direction"
    expected = theirs(batch, directions=tuple(THEIRS[each] for each in directions), partition_mode=mode)
    loss = InfoNCE(temperature=0.2, directions=directions, shares_softmax=shares_softmax)(batch)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


@every_setting
@pytest.mark.parametrize("hardened", Hardened)
def test_hardness_equals_that_of_sentence_transformers(
    directions: tuple[Direction, ...], shares_softmax: bool, hardened: Hardened
) -> None:
    batch = embedded(6, negatives=2)
    expected = theirs(
        batch,
        directions=tuple(THEIRS[each] for each in directions),
        partition_mode="joint" if shares_softmax else "per_direction",
        hardness_mode=THEIR_HARDNESS[hardened],
        hardness_strength=9.0,
    )
    loss = InfoNCE(0.2, directions=directions, shares_softmax=shares_softmax, hardness=9.0, hardened=hardened)(batch)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_hardness_takes_no_part_in_the_gradient() -> None:
    batch = embedded(4)
    gradients = []
    for module in (
        InfoNCE(temperature=0.2, hardness=5.0),
        MultipleNegativesRankingLoss(None, 5.0, hardness_mode="in_batch_negatives", hardness_strength=5.0),
    ):
        views = tuple(view.clone().requires_grad_() for view in batch.views)
        if isinstance(module, InfoNCE):
            module(EmbeddedBatch(views, batch.targets, batch.roles, batch.identity)).backward()
        else:
            module.compute_loss_from_embeddings(list(views), labels=None).backward()
        gradients.append(torch.stack([view.grad for view in views]))
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-6)


@pytest.mark.parametrize("directions", JOINT)
def test_masked_directions_equal_a_naive_loop(directions: tuple[Direction, ...]) -> None:
    batch = with_identity(embedded(6, 1), [0, 0, 2, 3, 4, 5], [10, 11, 12, 12, 3, 15], [20, 11, 22, 23, 15, 0])
    loss = InfoNCE(temperature=0.3, directions=directions)(batch)
    assert loss.item() == pytest.approx(naive(batch, list(directions), 0.3), abs=1e-12)


def test_another_answer_of_a_question_is_no_negative_wherever_it_stands() -> None:
    # question 1 has the answers 10 and 11; 11 is an answer of question 2, too, and one of its hard negatives
    batch = with_identity(embedded(3, 1), [1, 1, 2], [10, 11, 11], [20, 21, 11])
    pool = pool_of(batch, Direction.ANCHOR_TO_CANDIDATES)
    assert pool.masked[0].tolist() == [False, True, True, False, False, True]
    assert pool.masked[2].tolist() == [False, True, False, False, False, True]
    assert InfoNCE(0.3)(batch).item() == pytest.approx(naive(batch, [Direction.ANCHOR_TO_CANDIDATES], 0.3), abs=1e-12)


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("directions", [(FIRST,), tuple(Direction)])
def test_margin_equals_a_naive_loop(directions: tuple[Direction, ...], margin: float) -> None:
    batch = embedded(8, 1)
    loss = InfoNCE(temperature=0.3, directions=directions, margin=margin)(batch).item()
    assert loss == pytest.approx(naive(batch, list(directions), 0.3, margin), abs=1e-12)
    assert loss < InfoNCE(temperature=0.3, directions=directions)(batch).item()


def test_the_margin_is_a_difference_of_cosines() -> None:
    anchors = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    positives = torch.tensor([[0.6, 0.8], [0.8, 0.6]], dtype=torch.float64)  # own cosines 0.6, the others' 0.8
    batch = EmbeddedBatch((anchors, positives), (anchors, positives), (Role.ANCHOR, Role.POSITIVE),
                          (torch.tensor([0, 1]), torch.tensor([2, 3])))  # fmt: skip
    assert InfoNCE(margin=0.19)(batch).item() == 0.0
    assert InfoNCE(margin=0.21)(batch).item() == pytest.approx(math.log(1 + math.exp(0.2 / 0.05)))


def test_rows_without_a_negative_in_any_direction_have_no_gradient() -> None:
    batch = with_identity(embedded(3), [1, 1, 1], [1, 1, 1])
    views = tuple(view.clone().requires_grad_() for view in batch.views)
    loss = InfoNCE(directions=tuple(Direction))(EmbeddedBatch(views, views, batch.roles, batch.identity))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))  # the positive stands in two of the four directions
    assert all(view.grad.abs().max() < 1e-12 for view in views)


def test_the_order_of_the_directions_does_not_matter() -> None:
    batch = embedded(4, 1)
    loss = InfoNCE(directions=list(Direction))(batch)
    assert torch.equal(InfoNCE(directions=["positive_to_candidates", *list(Direction)[:3]])(batch), loss)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"directions": []}, "directions: found none, but anchor_to_candidates must be among them"),
        ({"directions": ["anchor_to_anchors"]}, "anchor_to_candidates must be among them"),
        ({"directions": ["anchor_to_candidates", "up"]}, "directions: found anchor_to_candidates, up, but each is one"),
        ({"directions": ["anchor_to_candidates"] * 2}, "stands there once"),
        ({"directions": list(Direction), "shares_softmax": False},
         "found anchor_to_anchors, positive_to_candidates, which holds no positive to find"),
        ({"hardness": -1.0}, "hardness: found -1.0, but it must be 0"),
        ({"hardened": "some"}, "hardened: found some, but it is one of other_rows, own_negatives, all"),
        ({"margin": -0.1}, "margin: found -0.1, but it must be 0 or above"),
        ({"temperature": 0.005, "learns_temperature": True}, "temperature: found 0.005, but a learned one is never"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfoNCE(**settings)


def test_weighting_own_negatives_wants_some() -> None:
    objective = InfoNCE(hardness=5.0, hardened=Hardened.OWN_NEGATIVES)
    objective.check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)
    with pytest.raises(ValueError, match=r"takes 1 anchor, 1 positive, 1 or more negative"):
        objective.check([Role.ANCHOR, Role.POSITIVE], scored=False, labelled=False)
