"""How fast models embed, measured in turn so that a change of the machine's pace meets all of them."""

import time
from collections.abc import Sequence
from statistics import median

from textcl.encoder import TextEncoder

_REPEATS = 5


def texts_per_second(encoders: Sequence[TextEncoder], texts: Sequence[str], repeats: int = _REPEATS) -> list[float]:
    """Embed the same texts with each encoder in turn, again and again.

    Args:
        encoders: All in this process, with its threads.
        texts: What they embed.
        repeats: Times that count; a first one for each encoder warms up.

    Returns:
        Texts a second of each encoder, by the median of its times.
    """
    seconds: list[list[float]] = [[] for _ in encoders]
    for turn in range(repeats + 1):
        for encoder, times in zip(encoders, seconds, strict=True):
            began = time.perf_counter()
            encoder.encode(texts)
            if turn:
                times.append(time.perf_counter() - began)
    return [len(texts) / median(times) for times in seconds]
