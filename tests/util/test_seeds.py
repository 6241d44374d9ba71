import pytest
import torch

from textcl.util.seeds import derive, seeded


def test_a_location_has_one_seed_and_other_locations_have_others() -> None:
    locations = [(17, "a", 1, 0), (17, "a", 0, 1), (17, "a", 10), (17, "b", 1, 0), (18, "a", 1, 0)]
    seeds = [derive(*location) for location in locations]
    assert seeds == [derive(*location) for location in locations]
    assert len(set(seeds)) == len(locations)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_seeded_block_draws_the_same_and_leaves_no_trace() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(1):
        first = torch.rand(3)
    with seeded(1):
        again = torch.rand(3)
    assert torch.equal(first, again)
    assert torch.equal(torch.rand(3), expected)


def test_the_generator_of_a_gpu_of_apple_goes_on_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    state, kept = torch.tensor([1, 2, 3]), []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: state)
    monkeypatch.setattr(torch.mps, "set_rng_state", kept.append)

    with seeded(1):
        assert not kept

    assert kept == [state]
