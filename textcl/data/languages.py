"""A guess at the language of texts: by their script, and for Latin script by the commonest words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

UNKNOWN = "unknown"
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST = 0.06  # share of the words that must be a language's commonest; running text has a third
_STOP_WORDS = {
    "English": "the of and to in is that was for it with as on are this be by not from his have at which what how",
    "German": "der die das und ist nicht von ein eine zu mit auf dem den sich für im des auch wird als sind wie was",
    "French": "le la les des et est une un dans que pour qui pas sur avec au ce du sont il elle par plus nous vous",
    "Spanish": "el la los las de y es una un que en no por con para se del al su lo como más está qué son",
    "Italian": "il la di e che è un una per non con sono del della gli le al dei nel come più si questo alla",
    "Portuguese": "o a os as de e que um uma não para com do da em é no na por se mais dos ao como são",
    "Dutch": "de het een en van is niet dat op te in met voor zijn aan er maar om ook als bij naar wordt dit",
    "Polish": "w i na z nie się do jest to że o jak po od za przez ale dla co był są oraz tym może",
    "Swedish": "och att det som en på är av för med den till inte om ett han har de var jag men vid kan från",
    "Danish": "og at det som en på er af for med den til ikke om et han har de var jeg men ved kan fra",
    "Czech": "a v se na je že s z do to o k ve by jako za po ale jsou jeho který nebo už byl při",
    "Turkish": "ve bir bu için ile da de çok daha ne olarak gibi var olan en sonra kadar ama o her",
}
_SCRIPTS = {
    "CYRILLIC": "Cyrillic script",
    "GREEK": "Greek",
    "ARABIC": "Arabic script",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari script",
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "THAI": "Thai",
}
_COMMON = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}


def guess_language(texts: Iterable[str]) -> str:
    """Return the likeliest language of texts, the name of a script where it does not tell, or `unknown`.

    Args:
        texts: Some hundred are enough. It is a guess: short texts and names say little.
    """
    words = [word for text in texts for word in _WORD.findall(text.casefold())]
    if not words:
        return UNKNOWN
    scripts = Counter(_script(word) for word in words)
    if scripts["Japanese"] > 0.1 * len(words):  # which writes Chinese characters too
        return "Japanese"
    script, count = scripts.most_common(1)[0]
    if script != "Latin":
        return script if count > len(words) / 2 else UNKNOWN
    shares = {language: sum(word in common for word in words) / len(words) for language, common in _COMMON.items()}
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= _FEWEST else UNKNOWN


def _script(word: str) -> str:
    names = [unicodedata.name(letter, "").split()[0:1] for letter in word]
    found = {_SCRIPTS.get(name[0].removesuffix("-"), "Latin") for name in names if name}
    return "Japanese" if "Japanese" in found else next(iter(found - {"Latin"}), "Latin")
