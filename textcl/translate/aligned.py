"""Translations that stand where their texts stand, whatever an engine does."""

import logging
from collections.abc import Callable, Sequence

from textcl.errors import ModelError
from textcl.translate.engine import MisalignedError, Translation

_log = logging.getLogger(__name__)
_SHOWN = 60  # characters of a text in the log
_HOPELESS = 16  # texts that fail one by one, before any other has succeeded

Translate = Callable[[Sequence[str]], Sequence[Translation]]


def translate_aligned(translate: Translate, texts: Sequence[str]) -> list[Translation | None]:
    """Translate texts; where the output can not be matched with them, each half is tried on its own, and so on.

    So one text that an engine stumbles over costs a few calls more, and its neighbours nothing. Blank texts are their
    own translations.

    Args:
        translate: The engine; it may raise `MisalignedError` or return too few or too many.
        texts: N texts.

    Returns:
        N translations; None for a text that fails alone.

    Raises:
        ModelError: One text after the other fails alone and none succeeds: the engine does not work.
    """
    found: list[Translation | None] = [None if text.strip() else Translation("") for text in texts]
    asked = [position for position, text in enumerate(texts) if text.strip()]
    translations = _Halving(translate).translated([texts[position] for position in asked])
    for position, translation in zip(asked, translations, strict=True):
        found[position] = translation
    return found


class _Halving:
    """Translates, and counts what succeeds and fails."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate
        self._succeeded = self._failed = 0  # texts

    def translated(self, texts: Sequence[str]) -> list[Translation | None]:
        if not texts:
            return []
        try:
            found = self._translate(texts)
            if len(found) != len(texts):
                raise MisalignedError(f"{len(texts)} texts went in, {len(found)} translations came out")
        except MisalignedError as fault:
            if len(texts) == 1:
                self._give_up(texts[0], fault)
                return [None]
        else:
            self._succeeded += len(texts)
            return list(found)
        middle = len(texts) // 2
        return self.translated(texts[:middle]) + self.translated(texts[middle:])

    def _give_up(self, text: str, fault: MisalignedError) -> None:
        self._failed += 1
        if self._failed == _HOPELESS and not self._succeeded:
            raise ModelError(
                f"The engine translates nothing: {_HOPELESS} texts failed one by one ({fault})."
            ) from fault
        _log.warning("Not translated (%s): %s", fault, text[:_SHOWN])
