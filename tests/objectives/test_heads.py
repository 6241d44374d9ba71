import copy

import pytest
import torch
from torch import nn

from textcl.objectives.heads import check_widths, mlp


def test_layers_stand_as_simclr_and_simsiam_have_them() -> None:
    assert [type(layer) for layer in mlp((5, 4, 3))] == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert [type(layer) for layer in mlp((5, 3), ends_in_norm=True)] == [nn.Linear, nn.BatchNorm1d]


def test_output_has_the_last_width() -> None:
    assert mlp((5, 4, 3))(torch.randn(6, 5)).shape == (6, 3)


def test_an_ending_norm_gives_every_dimension_mean_0_and_variance_1() -> None:
    projected = mlp((5, 4, 3), ends_in_norm=True).double()(torch.randn(100, 5, dtype=torch.float64))
    torch.testing.assert_close(projected.mean(dim=0), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-9)
    torch.testing.assert_close(
        projected.var(dim=0, correction=0), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-3
    )


def test_norms_keep_no_statistics_and_do_the_same_outside_training() -> None:
    head, rows = mlp((5, 4, 3), ends_in_norm=True), torch.randn(6, 5)
    before = copy.deepcopy(head.state_dict())
    training = head(rows)
    assert torch.equal(head.eval()(rows), training)
    assert all(torch.equal(value, before[name]) for name, value in head.state_dict().items())


def test_a_width_below_1_is_refused_by_name() -> None:
    check_widths(hidden=1, projection=2)
    with pytest.raises(ValueError, match="projection: found 0, but it is the width of a layer: 1 or more"):
        check_widths(hidden=1, projection=0)
