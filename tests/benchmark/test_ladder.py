from collections.abc import Callable

from textcl.benchmark.measure import climb


class Stub:
    def __init__(self, **settings: int) -> None:
        self.settings = settings

    def set(self, name: str, value: int) -> None:
        assert name in self.settings
        self.settings[name] = value


def climbed(index: Stub, recall: Callable[[], float]) -> list[tuple[int | None, float]]:
    return list(climb(index, recall))


def test_an_index_without_settings_is_one_point() -> None:
    assert climbed(Stub(), lambda: 0.7) == [(None, 0.7)]


def test_effort_rises_until_nothing_is_left_to_find() -> None:
    index = Stub(nprobe=5, k_factor=3)
    found = climbed(index, lambda: min(1.0, index.settings["nprobe"] / 8))
    assert [value for value, _ in found] == [1, 2, 4, 8]
    assert index.settings["k_factor"] == 3


def test_it_ends_after_two_steps_that_bring_nothing() -> None:
    index = Stub(efSearch=5)
    assert [value for value, _ in climbed(index, lambda: 0.6)] == [8, 16, 32]
