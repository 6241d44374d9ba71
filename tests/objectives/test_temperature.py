import pytest
import torch

from tests.objectives.batches import embedded
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.temperature import Temperature


def test_a_learned_temperature_starts_at_the_fixed_one() -> None:
    batch = embedded(4)
    learned = InfoNCE(temperature=0.2, learns_temperature=True).double()(batch)
    assert learned.item() == pytest.approx(InfoNCE(temperature=0.2)(batch).item(), abs=1e-6)


def test_the_gradient_of_a_learned_temperature_is_that_of_the_loss_by_differences() -> None:
    batch, objective = embedded(4), InfoNCE(temperature=0.2, learns_temperature=True).double()
    objective(batch).backward()
    start = objective.temperature.logarithm.item()
    above, below = (InfoNCE(temperature=float(torch.tensor(start + by).exp()))(batch).item() for by in (1e-3, -1e-3))
    assert objective.temperature.logarithm.grad.item() == pytest.approx((above - below) / 2e-3, rel=1e-3)


def test_a_learned_temperature_stays_where_logits_do_not_exceed_a_hundred() -> None:
    objective = InfoNCE(temperature=0.02, learns_temperature=True)
    with torch.no_grad():
        objective.temperature.logarithm -= 5
    objective.after_step(embedded(2))
    assert objective.readings()["temperature"] == pytest.approx(0.01)


def test_a_temperature_at_its_lowest_can_rise_again() -> None:
    objective = InfoNCE(temperature=0.01, learns_temperature=True)
    objective(embedded(6)).backward()  # random pairs: the loss wants it higher
    assert objective.temperature.logarithm.grad < 0


def test_a_fixed_temperature_is_no_state() -> None:
    assert Temperature(0.005).state_dict() == {}
    assert Temperature(0.005).readings() == {"temperature": 0.005}
