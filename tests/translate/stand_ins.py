"""Engines that translate by writing the language before the text, some of them badly; and awkward texts."""

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

from textcl.translate.engine import BEST, Decoding, Engine, Translation

POISON = "this text breaks the engine"


class Plain:
    """Writes `<de>` before a text on the way there and takes it off on the way back; counts its calls and texts."""

    name = "plain"
    batch = 4
    by_rules = False

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def version(self, source: str, target: str) -> str:
        return f"plain 1 {source} {target}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        self.calls.append(list(texts))
        drawn = f"{seed % 1000} " if decoding.temperature is not None else ""
        return [Translation(f"<{target}> {drawn}{text}") for text in texts]


class Careless(Plain):
    """Loses some texts, or adds some, in every batch of more than two; loses POISON always."""

    def __init__(self, seed: int = 3) -> None:
        super().__init__()
        self._rng = random.Random(seed)

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        found = [one for one in super().translate(texts, source, target, decoding, seed) if POISON not in one.text]
        if len(texts) > 2 and self._rng.random() < 0.5:
            location = self._rng.randrange(len(found) + 1)
            found[location:location] = [Translation("an addition")] * 5
        elif len(texts) > 2:
            del found[self._rng.randrange(len(found))]
        return found


class Slow(Plain):
    """Takes a while for each batch, and leaves a file named by its process."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        (folder / f"{os.getpid()}.pid").touch()

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        time.sleep(0.2)
        return super().translate(texts, source, target, decoding, seed)


class Stuck(Slow):
    """Translates one batch, and is long at the next."""

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        if "text 0" not in " ".join(texts):
            time.sleep(120)
        return super().translate(texts, source, target, decoding, seed)


def plain() -> Engine:
    return Plain()


def slow(folder: str) -> Engine:
    return Slow(Path(folder))


def stuck(folder: str) -> Engine:
    return Stuck(Path(folder))


def dying() -> Engine:
    os._exit(9)


def awkward_texts(count: int, seed: int = 17) -> list[str]:
    """Return texts that trip programs: no two alike but the blank ones."""
    rng = random.Random(seed)
    words = "the old man reads a book by the river and two dogs run home I am U.S. Dr. 3.5 don't".split()  # noqa: SIM905
    shapes = (
        "{}", "{}.", "{}?!", "", "   ", "tab\t{}\tend", "line\u2028{}\u2029end", "a\r{}", "...{}...",
        "*{} #a @b * # @", "x.y/z?a=1 {}", "https://example.org/{}?q=[1]&r={{2}}", "^{}$ [x] <b>{}</b> \\",
        "😀👍🏽 {} 👨\u200d👩\u200d👧", "日本語 {}", "\ufeff{}\u00a0\u200b", "\x00\x1c{}\x85",
        "[unclosed {}", "\\n {} \\", "\ue003\ue011\ue004 {}", "{} \ue000\ue001", "{} " + "y" * 3000,
    )  # fmt: skip
    texts = []
    for number in range(count):
        body = " ".join(rng.choices(words, k=rng.randint(1, 8))) + f" {number}"
        texts.append(rng.choice(shapes).replace("{}", body))
    return texts
