"""Which device a run works on."""

from collections.abc import Iterator

import pytest
import torch
from accelerate import PartialState

from textcl.distributed import join_ranks


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Accelerate remembers the first device of a process."""
    for name in ("ACCELERATE_USE_CPU", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    PartialState._reset_state()
    yield
    PartialState._reset_state()


def has_apples_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("is_available", "is_built"):
        monkeypatch.setattr(torch.backends.mps, name, lambda: True)


def test_one_process_works_on_a_gpu_of_apple(monkeypatch: pytest.MonkeyPatch) -> None:
    has_apples_gpu(monkeypatch)

    ranks = join_ranks()

    assert (ranks.device.type, ranks.count) == ("mps", 1)


def test_a_launch_for_cpus_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    has_apples_gpu(monkeypatch)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")

    assert join_ranks().device.type == "cpu"


def test_without_a_gpu_the_cpu_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert join_ranks().device.type == "cpu"
