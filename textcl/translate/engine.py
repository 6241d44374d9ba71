"""What back-translation, and whoever asks for questions, knows of an engine that makes texts of texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol


class MisalignedError(Exception):
    """An engine's output cannot be matched with the texts that went in; the texts are tried again in halves."""


class StoppedError(Exception):
    """An engine stopped in the middle of a batch; what it had made is kept, and the cause is raised again.

    Args:
        made: What was made of each text of the batch; None: nothing yet.
        cause: Why it stopped.
    """

    def __init__(self, made: "Sequence[Translation | None]", cause: BaseException) -> None:
        super().__init__(str(cause))
        self.made, self.cause = made, cause


@dataclass(frozen=True, slots=True)
class Translation:
    """What an engine made of a text, and how many words it did not know."""

    text: str
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a neural engine chooses words; engines that translate by rules know only the default.

    Args:
        beams: Hypotheses that are kept on the way; 1 is greedy.
        temperature: Words are drawn from the model's distribution, sharpened below 1; None: the best are taken.
        top_p: Words are drawn from the likeliest that together have this probability.
    """

    beams: int = 1
    temperature: float | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.beams < 1 or not 0 < self.top_p <= 1 or (self.temperature is not None and self.temperature <= 0):
            raise ValueError(f"Decoding needs beams ≥ 1, temperature > 0 and 0 < top_p ≤ 1, found {self}.")
        if self.temperature is not None and self.beams > 1:
            raise ValueError("Decoding draws words or keeps beams, not both: leave the temperature or the beams out.")


BEST = Decoding()  # greedy, nothing drawn


class Engine(Protocol):
    """Translates lists of texts from one language into another."""

    name: str
    batch: int  # texts a call; so many may be lost when a run is killed
    by_rules: bool  # it makes one translation of a text and takes no decoding

    def version(self, source: str, target: str) -> str:
        """Say all that decides a translation beside text, languages, decoding and seed: program, data, model.

        Raises:
            ModelError: It cannot translate between these languages here; says what to install or to name.
        """
        ...

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding, seed: int
    ) -> Sequence[Translation | None]:
        """Translate texts, none of which is blank: translation i is that of text i; None: it refuses this text.

        Raises:
            MisalignedError: Which translation belongs to which text cannot be said.
            StoppedError: It cannot go on, but has made some.
        """
        ...


FLORES = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "ca": "cat_Latn", "cs": "ces_Latn", "da": "dan_Latn", "de": "deu_Latn",
    "el": "ell_Grek", "en": "eng_Latn", "eo": "epo_Latn", "es": "spa_Latn", "fi": "fin_Latn", "fr": "fra_Latn",
    "gl": "glg_Latn", "hi": "hin_Deva", "hu": "hun_Latn", "it": "ita_Latn", "ja": "jpn_Jpan", "ko": "kor_Hang",
    "nl": "nld_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ro": "ron_Latn", "ru": "rus_Cyrl", "sv": "swe_Latn",
    "tr": "tur_Latn", "uk": "ukr_Cyrl", "vi": "vie_Latn", "zh": "zho_Hans",
}  # fmt: skip
THREE_LETTERS = {short: long.partition("_")[0] for short, long in FLORES.items()}
_TWO_LETTERS = {long: short for short, long in (*THREE_LETTERS.items(), *FLORES.items())}
_SCRIPT_OR_REGION = re.compile(r"[_-].*")


def exact_code(language: str) -> str:
    """Return the code of two letters that means exactly this; one that says more (`pt_br`, `zho_Hant`) stays."""
    return _TWO_LETTERS.get(language, language)


@cache
def short_code(language: str) -> str:
    """Return the language alone, as two letters where it has some: its script and region do not count."""
    return exact_code(_SCRIPT_OR_REGION.sub("", language).lower())
