import pytest
import torch
import torch.nn.functional as F

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.clip import CLIP
from textcl.objectives.directions import Direction, PartitionMode
from textcl.objectives.info_nce import InfoNCE


def test_loss_is_the_mean_of_both_directions_and_turns_no_negatives_round() -> None:
    batch = embedded(6, 1)
    anchors, positives, negatives = (F.normalize(view, dim=1) for view in batch.views)
    there = F.cross_entropy(anchors @ torch.cat([positives, negatives]).T / 0.2, torch.arange(6))
    back = F.cross_entropy(positives @ anchors.T / 0.2, torch.arange(6))
    assert CLIP(temperature=0.2)(batch).item() == pytest.approx((there + back).item() / 2, abs=1e-6)


def test_it_equals_info_nce_in_two_directions() -> None:
    batch = with_identity(embedded(4), [0, 0, 2, 3], [10, 11, 11, 0])
    directions = (Direction.QUERY_TO_DOC, Direction.DOC_TO_QUERY)
    alike = InfoNCE(0.07, learns_temperature=True, directions=directions, partition_mode=PartitionMode.PER_DIRECTION)
    assert CLIP()(batch).item() == pytest.approx(alike(batch).item(), abs=1e-12)


def test_swapping_anchors_and_positives_changes_nothing() -> None:
    batch = with_identity(embedded(4), [0, 0, 2, 3], [10, 11, 11, 0])
    turned = type(batch)(batch.views[::-1], batch.targets[::-1], batch.roles, batch.identity[::-1])
    assert CLIP()(turned).item() == pytest.approx(CLIP()(batch).item(), abs=1e-12)


def test_the_temperature_is_learned_and_stays_at_a_hundredth_or_above() -> None:
    objective = CLIP()
    objective(embedded(4)).backward()
    assert objective.temperature.logarithm.grad.abs() > 1e-3
    assert objective.readings()["temperature"] == pytest.approx(0.07)
    with torch.no_grad():
        objective.temperature.logarithm -= 9
    objective.after_step(embedded(4))
    assert objective.readings()["temperature"] == pytest.approx(0.01)
