"""InfoNCE in its further settings: directions, partition mode, hardness, margin, learned temperature."""

import inspect
import itertools
import math
import re
from dataclasses import replace

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.directions import Direction, PartitionMode, pool_of
from textcl.objectives.info_nce import HardnessMode, InfoNCE
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role

FIRST, *FURTHER = Direction
SYMMETRIC = (Direction.QUERY_TO_DOC, Direction.DOC_TO_QUERY)
JOINT = [(FIRST, *more) for count in range(4) for more in itertools.combinations(FURTHER, count)]
PARTITIONS = [(directions, PartitionMode.JOINT) for directions in JOINT]
PARTITIONS += [((FIRST,), PartitionMode.PER_DIRECTION), (SYMMETRIC, PartitionMode.PER_DIRECTION)]
every_partition = pytest.mark.parametrize(("directions", "partition_mode"), PARTITIONS)


def theirs_of(views: tuple[torch.Tensor, ...], **settings: object) -> torch.Tensor:
    loss = MultipleNegativesRankingLoss(model=None, scale=5.0, **settings)
    return loss.compute_loss_from_embeddings(list(views), labels=None)


def theirs(batch: EmbeddedBatch, **settings: object) -> float:
    return theirs_of(batch.views, **settings).item()


def naive(batch: EmbeddedBatch, directions: list[str], temperature: float, margin: float = math.inf) -> float:
    """All directions in one softmax, row by row and text by text, in plain Python."""
    rows, total = len(batch.views[0]), 0.0
    anchors, positives = batch.identity[0].tolist(), batch.identity[1].tolist()
    for i in range(rows):
        own = cosine(batch, (0, i), (1, i))
        exponentials = []
        for direction in directions:
            chooser = 0 if direction.startswith("query") else 1
            for view in [0] if direction.endswith("query") else range(1, len(batch.views)):
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


def settings_of(directions: tuple[Direction, ...], partition_mode: PartitionMode) -> dict[str, object]:
    """Settings as a recipe writes them: by name and value the same in both libraries."""
    return {"directions": tuple(map(str, directions)), "partition_mode": str(partition_mode)}


@every_partition
@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_directions_equal_those_of_sentence_transformers(
    directions: tuple[Direction, ...], partition_mode: PartitionMode, negatives: int
) -> None:
    batch, settings = embedded(6, negatives), settings_of(directions, partition_mode)
    assert InfoNCE(temperature=0.2, **settings)(batch).item() == pytest.approx(theirs(batch, **settings), abs=1e-12)


@every_partition
@pytest.mark.parametrize("hardness_mode", HardnessMode)
@pytest.mark.parametrize("hardness_strength", [0.0, 9.0])
@pytest.mark.parametrize("negatives", [0, 2])
def test_hardness_equals_that_of_sentence_transformers(
    directions: tuple[Direction, ...],
    partition_mode: PartitionMode,
    hardness_mode: HardnessMode,
    hardness_strength: float,
    negatives: int,
) -> None:
    batch, settings = embedded(6, negatives), settings_of(directions, partition_mode)
    settings |= {"hardness_mode": str(hardness_mode), "hardness_strength": hardness_strength}
    assert InfoNCE(temperature=0.2, **settings)(batch).item() == pytest.approx(theirs(batch, **settings), abs=1e-12)


def test_both_libraries_have_the_same_settings_and_values() -> None:
    ours, peers = (inspect.signature(module).parameters for module in (InfoNCE, MultipleNegativesRankingLoss))
    shared = {"directions", "partition_mode", "hardness_mode", "hardness_strength"}
    assert shared <= set(ours) & set(peers)
    assert all(ours[name].default == peers[name].default for name in shared)
    values = {name: set(re.findall(r"'(\w+)'", str(peers[name].annotation).replace('"', "'"))) for name in shared}
    assert values["directions"] == set(Direction)
    assert values["partition_mode"] == set(PartitionMode)
    assert values["hardness_mode"] == set(HardnessMode)


@pytest.mark.parametrize("negatives", [0, 2])
@pytest.mark.parametrize("hardness_mode", HardnessMode)
def test_hardness_takes_no_part_in_the_gradient(hardness_mode: HardnessMode, negatives: int) -> None:
    batch = embedded(4, negatives)
    settings = {"directions": tuple(map(str, Direction)), "hardness_mode": str(hardness_mode), "hardness_strength": 5.0}
    ours, peers = (tuple(view.clone().requires_grad_() for view in batch.views) for _ in range(2))
    InfoNCE(temperature=0.2, **settings)(replace(batch, views=ours)).backward()
    theirs_of(peers, **settings).backward()
    for own, peer in zip(ours, peers, strict=True):
        torch.testing.assert_close(own.grad, peer.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("directions", JOINT)
def test_masked_directions_equal_a_naive_loop(directions: tuple[Direction, ...]) -> None:
    batch = with_identity(embedded(6, 1), [0, 0, 2, 3, 4, 5], [10, 11, 12, 12, 3, 15], [20, 11, 22, 23, 15, 0])
    loss = InfoNCE(temperature=0.3, directions=directions)(batch)
    assert loss.item() == pytest.approx(naive(batch, list(directions), 0.3), abs=1e-12)


def test_another_answer_of_a_question_is_no_negative_wherever_it_stands() -> None:
    # question 1 has the answers 10 and 11; 11 is an answer of question 2, too, and one of its hard negatives
    batch = with_identity(embedded(3, 1), [1, 1, 2], [10, 11, 11], [20, 21, 11])
    pool = pool_of(batch, Direction.QUERY_TO_DOC, batch.views, batch.views, slice(0, 3))
    assert pool.masked[0].tolist() == [False, True, True, False, False, True]
    assert pool.masked[2].tolist() == [False, True, False, False, False, True]
    assert InfoNCE(0.3)(batch).item() == pytest.approx(naive(batch, [Direction.QUERY_TO_DOC], 0.3), abs=1e-12)


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
    assert torch.equal(InfoNCE(directions=["doc_to_doc", *list(Direction)[:3]])(batch), loss)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"directions": []}, "directions: found none, but query_to_doc must be among them"),
        ({"directions": ["query_to_query"]}, "query_to_doc must be among them"),
        ({"directions": ["query_to_doc", "up"]}, "directions: found query_to_doc, up, but each must be one"),
        ({"directions": ["query_to_doc"] * 2}, "stand there once"),
        ({"directions": list(Direction), "partition_mode": "per_direction"},
         "found query_to_query, doc_to_doc, which holds no positive to find"),
        ({"partition_mode": "shared"}, "partition_mode: found shared, but it must be one of joint, per_direction"),
        ({"hardness_strength": -1.0}, "hardness_strength: found -1.0, but it must be 0"),
        ({"hardness_strength": 5.0}, "hardness_strength: found 5.0, but no negatives to weigh by it. Set"),
        ({"hardness_mode": "some"}, "hardness_mode: found some, but it must be one of in_batch_negatives, hard_"),
        ({"margin": -0.1}, "margin: found -0.1, but it must be 0 or above"),
        ({"temperature": 0.005, "learns_temperature": True}, "temperature: found 0.005, but a learned one is never"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfoNCE(**settings)


def test_weighting_hard_negatives_wants_some() -> None:
    objective = InfoNCE(hardness_mode=HardnessMode.HARD_NEGATIVES, hardness_strength=5.0)
    objective.check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)
    with pytest.raises(ValueError, match=r"takes 1 anchor, 1 positive, 1 or more negative"):
        objective.check([Role.ANCHOR, Role.POSITIVE], scored=False, labelled=False)
