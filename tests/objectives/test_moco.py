import copy
import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.clip import CLIP
from textcl.objectives.moco import MoCo
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


def filled(queue_size: int, *batches: EmbeddedBatch) -> MoCo:
    """Return the objective without its projectors after some steps: what is tested of its queue needs none."""
    objective = MoCo(5, temperature=0.3, queue_size=queue_size, projection=5).double()
    objective.projector, objective.target_projector = nn.Identity(), nn.Identity()
    for batch in batches:
        objective.after_step(batch)
    return objective


def naive(batch: EmbeddedBatch, past: list[EmbeddedBatch], queue_size: int, temperature: float) -> float:
    """Both directions against the batch's and the last rows' targets, in plain Python."""
    rows, total = len(batch.views[0]), 0.0
    kept = [(old, j) for old in past for j in range(len(old.views[0]))][-queue_size:]
    for i in range(rows):
        for chooser, wanted in ((0, 1), (1, 0)):
            at_hand = [(batch, j) for j in range(rows)] + kept
            known = {view[i].item() for view in batch.identity} | {
                old.identity[wanted][j].item()
                for old, j in at_hand
                if old.identity[chooser][j] == batch.identity[chooser][i]
            }
            negatives, own = 0.0, 0.0
            for old, j in at_hand:
                a, t = batch.views[chooser][i].tolist(), old.targets[wanted][j].tolist()
                cosine = sum(x * y for x, y in zip(a, t, strict=True)) / math.hypot(*a) / math.hypot(*t)
                if old is batch and i == j:
                    own = math.exp(cosine / temperature)
                elif old.identity[wanted][j].item() not in known:
                    negatives += math.exp(cosine / temperature)
            total -= math.log(own / (own + negatives))
    return total / rows / 2


def queued(objective: MoCo, side: int) -> list[int]:
    return objective.queue_identity[side].tolist()


def test_loss_with_an_empty_queue_is_that_of_the_batch_alone() -> None:
    batch = embedded(5)
    assert filled(8)(batch).item() == pytest.approx(naive(batch, [], 8, 0.3), abs=1e-12)


@pytest.mark.parametrize("queue_size", [1, 3, 4, 7, 8, 10, 100])
def test_loss_after_some_steps_equals_a_naive_loop(queue_size: int) -> None:
    past = [embedded(4, seed=seed) for seed in range(1, 5)]
    batch = embedded(4, seed=9)
    assert filled(queue_size, *past)(batch).item() == pytest.approx(naive(batch, past, queue_size, 0.3), abs=1e-12)


def test_texts_of_the_row_are_masked_in_the_queue_too() -> None:
    past = with_identity(embedded(4, seed=1), [0, 71, 72, 73], [80, 1, 12, 83])
    batch = with_identity(embedded(4), [0, 1, 2, 3], [10, 11, 12, 3])
    assert filled(8, past)(batch).item() == pytest.approx(naive(batch, [past], 8, 0.3), abs=1e-12)
    assert filled(8, past)(batch) < filled(8, embedded(4, seed=1))(batch)


def test_another_answer_of_a_question_is_masked_in_the_queue_under_other_questions_too() -> None:
    past = with_identity(embedded(3, seed=3), [2, 3, 4], [11, 12, 10])
    batch = with_identity(embedded(3), [1, 1, 5], [10, 11, 13])
    assert filled(8, past)(batch).item() == pytest.approx(naive(batch, [past], 8, 0.3), abs=1e-12)
    apart = with_identity(embedded(3, seed=3), [2, 3, 4], [16, 12, 17])
    assert filled(8, past)(batch).item() < filled(8, apart)(batch).item()


def test_a_row_whose_batch_and_queue_say_the_same_has_loss_zero() -> None:
    batch = with_identity(embedded(3), [1, 1, 1], [1, 1, 1])
    assert filled(8, batch)(batch).item() == 0.0


def test_positions_not_yet_filled_are_no_negatives() -> None:
    batch, zero = embedded(3), torch.zeros(3, dtype=torch.int64)
    long, short = filled(50, embedded(3, seed=1)), filled(3, embedded(3, seed=1))
    assert torch.equal(long(batch), short(batch))
    same = replace(batch, identity=(zero, zero + 1))  # the number 0 of an unfilled position is no text
    assert filled(4)(same).item() == 0.0


def test_queue_drops_the_oldest_rows_first() -> None:
    objective = filled(6, embedded(4, seed=1), embedded(4, seed=2))
    assert sorted(queued(objective, 0)) == [1002, 1003, 2000, 2001, 2002, 2003]
    assert sorted(queued(objective, 1)) == [1102, 1103, 2100, 2101, 2102, 2103]
    objective.after_step(embedded(4, seed=3))
    assert sorted(queued(objective, 0)) == [2002, 2003, 3000, 3001, 3002, 3003]


def test_a_batch_longer_than_the_queue_leaves_its_last_rows() -> None:
    objective = filled(3, embedded(2, seed=1), embedded(5, seed=2))
    assert sorted(queued(objective, 0)) == [2002, 2003, 2004]
    objective.after_step(embedded(1, seed=3))
    assert sorted(queued(objective, 0)) == [2003, 2004, 3000]


def test_each_side_keeps_the_targets_of_its_view_at_unit_length() -> None:
    past = embedded(3, seed=1)
    objective = filled(3, past)
    for side in (0, 1):
        torch.testing.assert_close(objective.queue[side], F.normalize(past.targets[side], dim=1))


def test_views_may_stand_in_any_order() -> None:
    def turned(batch: EmbeddedBatch) -> EmbeddedBatch:
        return EmbeddedBatch(batch.views[::-1], batch.targets[::-1], batch.roles[::-1], batch.identity[::-1])

    batch, past = embedded(3), embedded(3, seed=1)
    assert filled(4, turned(past))(turned(batch)).item() == pytest.approx(filled(4, past)(batch).item(), abs=1e-12)


def test_only_a_step_fills_the_queue() -> None:
    objective = filled(4, embedded(2, seed=1))
    before = copy.deepcopy(objective.state_dict())
    objective(embedded(2))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


def test_both_views_get_a_gradient() -> None:
    batch = embedded(3)
    views = tuple(view.clone().requires_grad_() for view in batch.views)
    filled(4, embedded(2, seed=1))(replace(batch, views=views)).backward()
    assert all(view.grad.abs().max() > 1e-3 for view in views)


def test_readings_tell_the_age_of_the_rows_and_how_full_the_queue_is() -> None:
    objective = MoCo(5, queue_size=10).double()
    assert objective.readings() == {"queue_age": 0.0, "queue_filled": 0.0}
    objective.after_step(embedded(4, seed=1))
    assert objective.readings() == {"queue_age": 1.0, "queue_filled": 0.4}
    objective.after_step(embedded(4, seed=2))
    assert objective.readings() == {"queue_age": 1.5, "queue_filled": 0.8}
    objective.after_step(embedded(4, seed=3))  # 4 rows of age 1, 4 of age 2, 2 of age 3
    assert objective.readings() == {"queue_age": pytest.approx(1.8), "queue_filled": 1.0}


def test_with_the_encoder_as_its_own_target_and_no_queue_it_has_the_loss_of_clip() -> None:
    batch = embedded(5)
    online = replace(batch, targets=batch.views)
    assert filled(4)(online).item() == pytest.approx(CLIP(temperature=0.3).double()(online).item(), abs=1e-6)


def test_projections_are_compared_of_views_by_the_projector_and_of_targets_by_its_average() -> None:
    batch, bare = embedded(6), filled(4)
    objective = MoCo(5, temperature=0.3, queue_size=4, hidden=7, projection=5).double()
    nn.init.normal_(objective.target_projector[0].weight)
    seen = replace(
        batch,
        views=tuple(objective.projector(view) for view in batch.views),
        targets=tuple(objective.target_projector(target) for target in batch.targets),
    )
    assert objective(batch).item() == pytest.approx(bare(seen).item(), abs=1e-12)
    objective.after_step(batch)
    bare.after_step(seen)
    torch.testing.assert_close(objective.queue, bare.queue)


def test_a_step_moves_the_target_s_projector_after_the_queue_is_filled() -> None:
    objective = MoCo(5, momentum=0.75, projection=3).double()
    nn.init.ones_(objective.projector[0].weight)
    before = objective.target_projector[0].weight.clone()
    objective.after_step(embedded(4))
    expected = 0.75 * before + 0.25 * objective.projector[0].weight
    torch.testing.assert_close(objective.target_projector[0].weight, expected)
    assert not objective.target_projector[0].weight.requires_grad


def test_further_views_are_refused() -> None:
    with pytest.raises(ValueError, match="but MoCo takes 1 anchor, 1 positive"):
        MoCo(5).check([Role.ANCHOR, Role.POSITIVE, Role.NEGATIVE], scored=False, labelled=False)


@pytest.mark.parametrize("settings", [{"temperature": -1.0}, {"momentum": 1.0}, {"queue_size": 0}, {"hidden": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        MoCo(5, **settings)
