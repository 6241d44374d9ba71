"""What languages are called: `en`, `eng` and `eng_Latn` are one, whichever of them a user writes or an engine wants."""

import re
from functools import cache

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
