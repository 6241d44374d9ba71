"""Which values of an index's setting are tried: from little effort to much, until more effort finds no more."""

from collections.abc import Callable, Iterator

from textcl.types import Index

_LADDERS = {
    "nprobe": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),  # cells looked into
    "efSearch": (8, 16, 32, 64, 128, 256, 512),  # candidates kept
    "k_factor": (1, 2, 4, 8, 16, 32, 64),  # candidates scored again, for each hit
}
ENOUGH = 0.999  # recall from which nobody wants more
_GAIN = 0.002  # recall that a step up must bring


def climb(index: Index, recall: Callable[[], float]) -> Iterator[tuple[int | None, float]]:
    """Yield settings that are worth a measurement, with their recall; the index is set to each as it is yielded.

    The first of the index's settings is varied, the others stay as they are. Climbing ends at a recall of 0.999, or
    after two steps that bring less than 0.002 each.

    Args:
        index: Is changed.
        recall: Of the index as it is set.
    """
    names = [name for name in index.settings if name in _LADDERS]
    if not names:
        yield None, recall()
        return
    best, idle = -1.0, 0
    for value in _LADDERS[names[0]]:
        index.set(names[0], value)
        found = recall()
        idle = 0 if found >= best + _GAIN else idle + 1
        best = max(best, found)
        yield value, found
        if found >= ENOUGH or idle == 2:
            return
