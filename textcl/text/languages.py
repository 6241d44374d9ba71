"""Which language is a text in? A guess, by its script and its commonest words; no model, no download.

A text of a script that one language has (Greek, Hangul, Thai) is in that language. Where languages share a script
(Latin, Cyrillic, Arabic), words that each uses all the time and letters that few others have count for it; a word or
letter of several languages counts for each a share. Without any, or in a tie, there is no guess: names, numbers and
short phrases belong to no language.
"""

# ruff: noqa: RUF001  (Cyrillic letters that look like Latin ones are meant)

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

_COMMON = {
    "en": "the of and to is that it he was for on are with his they at this have from or had by but what were we "
    "when your can said there each which she do how their if will an a in not you i her him my me them us "
    "am who would could should than then its been about all did does don t s re ve ll m no so into out up "
    "while some very these as be",
    "de": "der die das und ist nicht ein eine einen zu den mit von dem auf für sich des im es ich sie er wir auch "
    "als an werden wird wie oder bei aus nach wenn nur noch kann zum zur haben hat sind war du mein in dass "
    "einem einer was wer wo dein mich mir dir ihr am um über so aber habe",
    "fr": "la le les et des un une est que qui dans pour pas au ce il elle nous vous je ne sur avec plus sont par "
    "aux se mais ou on été être cette ses son tu du de en à l d j s m t n qu ai as quelqu lui leur leurs "
    "mon ma ta te me moi tout deux si y fait a",
    "es": "el la los las de que y en un una es no se por con para del al lo como más pero su sus le ya este está "
    "son muy yo me mi qué fue ha tiene ser hay te tu él ella os nos si cuando a o estoy he eso esta",
    "it": "il la lo gli le di che e un una è non si per con del della dei delle al alla sono come più ma ha nel "
    "nella io mi ti questo questa anche suo da in ho era l d i a o se dell all nell",
    "pt": "o a os as de que e um uma é não se por com para do da dos das no na em mais mas ao como foi ele ela eu seu "
    "sua isso está você são tem muito",
    "nl": "de het een en van is dat niet in te op zijn met voor aan er ik je hij ze we maar ook als bij naar uit om "
    "dan worden wordt deze die heeft was door mijn",
    "sv": "och att det en ett är inte som på av för med den till jag har han de om var men så hon vi du kan sig från",
    "da": "og at det en et er ikke som på af for med den til jeg har han de om var men så hun vi du kan sig fra der",
    "nb": "og at det en et er ikke som på av for med den til jeg har han de om var men så hun vi du kan seg fra",
    "fi": "ja on ei se että hän oli ovat mutta joka kun niin tämä myös minä sinä en ole olen hänen mitä kuin sen jos",
    "pl": "i w nie na się z jest do to że jak o po co ale za od czy ma tak przez dla są był ten już być jego mi jest",
    "cs": "a se na je že do to o si by jako jsem ale pro už tak za co od jsou byl při jeho nebo není který",
    "hu": "a az és hogy nem egy is ez van meg de ha csak volt mint én már el még vagy ki azt nagyon kell lesz",
    "ro": "și de la nu în a cu că o un este să pe din pentru care mai sunt dar se ce lui fost el ea am fi ale",
    "tr": "ve bir bu da de için ile çok ne o ben var daha gibi değil mi olarak ama olan sonra kadar her sen",
    "eo": "la kaj estas de en mi ne al vi li ĝi ke por kun sed ŝi kiu oni ĉi tio kiel el pri ni ili tiu sur ĝis",
    "ru": "и в не на что я с он как это а по но она к у мы вы из за от о же то так его ты был для мне меня все "
    "вас тебя есть том бы ли было если когда уже была быть её нет мой они очень",
    "uk": "і в не на що я з він як це а по але вона до у ми ви із за від та ти був для мені та є його",
    "bg": "и в не на че се аз с той как това по но тя към у ние вие от за е да са той си ще ли му",
    "sr": "и у не на да се ја са он је то по али она у ми ви из за од су ти био што за би",
    "ar": "في من على أن إلى هذا هذه التي الذي لا ما مع كان عن هو هي لم أنا",
    "fa": "و در به از که این را با است آن برای یک من او های می تو بود",
    "ur": "کے میں کی ہے اور سے کا کو اس نے پر ہیں کہ یہ وہ بھی",
}
_LETTERS = {
    "de": "ßäöü", "fr": "çèêœëàùéîôû", "es": "ñ¿¡áíóúé", "it": "èìòùàé", "pt": "ãõçáêôéíóú", "nl": "ëï", "sv": "åäö",
    "da": "æøå", "nb": "æøå", "fi": "äö", "pl": "łąęśżźćńó", "cs": "řůěščžýáéí", "hu": "őűáéöüíó", "ro": "țșăîâ",
    "tr": "ğışçöü", "eo": "ĉĝĥĵŝŭ", "ru": "ыэё", "uk": "іїєґ", "bg": "ъщ", "sr": "јљњђћџ", "fa": "پچژگ", "ur": "ٹڈڑےں",
}  # fmt: skip
_SCRIPTS = {  # of one language, or nearly
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "GREEK": "el", "HEBREW": "he", "THAI": "th",
    "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "GEORGIAN": "ka", "ARMENIAN": "hy",
}  # fmt: skip
_SHARED = {
    "CYRILLIC": ("ru", "uk", "bg", "sr"),
    "ARABIC": ("ar", "fa", "ur"),
    "LATIN": tuple(name for name in _COMMON if name not in ("ru", "uk", "bg", "sr", "ar", "fa", "ur")),
}
_KANA = 0.1  # of the letters: Japanese, though most of its characters be Chinese ones
LANGUAGES = tuple(sorted({*_COMMON, *_SCRIPTS.values()}))
_LETTER = 0.5  # what a letter weighs, once a text, beside a word's 1
_WORD = re.compile(r"[^\W\d_]+")
_Owners = dict[str, tuple[str, ...]]


def _owners(characters: Mapping[str, Iterable[str]]) -> _Owners:
    """Turn what each language has around: who has each."""
    owners: dict[str, tuple[str, ...]] = {}
    for language, own in characters.items():
        for character in own:
            owners[character] = (*owners.get(character, ()), language)
    return owners


_WORD_OWNERS = _owners({name: words.split() for name, words in _COMMON.items()})
_LETTER_OWNERS = _owners(_LETTERS)


def language_of(text: str) -> str | None:
    """Guess a text's language as its ISO 639-1 code, one of `LANGUAGES`; None: it cannot be told."""
    scripts = Counter(name for name in map(_script, text) if name)
    if not scripts:
        return None
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > _KANA * scripts.total():
        return "ja"
    script = scripts.most_common(1)[0][0]
    return _SCRIPTS.get(script) or _by_words(text, _SHARED.get(script, ()))


def script_of(texts: Iterable[str]) -> str:
    """Return the script of most letters, as Unicode's names begin: `ETHIOPIC`; empty where there are no letters."""
    scripts = Counter(name for text in texts for name in map(_script, text) if name)
    return scripts.most_common(1)[0][0] if scripts else ""


def languages_of(texts: Iterable[str]) -> Counter[str | None]:
    """Count texts by their guessed language; None: those that tell none."""
    return Counter(map(language_of, texts))


def _by_words(text: str, languages: tuple[str, ...]) -> str | None:
    """Return the language whose common words and own letters weigh most; None in a tie, or without any."""
    text = unicodedata.normalize("NFC", text).casefold()
    weights = dict.fromkeys(languages, 0.0)
    for weight, characters, owners in ((1.0, _WORD.findall(text), _WORD_OWNERS), (_LETTER, set(text), _LETTER_OWNERS)):
        for own in (owners.get(character, ()) for character in characters):
            weights.update({name: weights[name] + weight / len(own) for name in own if name in weights})
    best, second = sorted((*weights.values(), 0.0, 0.0), reverse=True)[:2]
    return max(weights, key=weights.__getitem__) if best > second else None


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Return the script of a letter, as Unicode's names begin; an empty text for what is no letter."""
    return unicodedata.name(character, "").split(" ", 1)[0].split("-")[0] if character.isalpha() else ""
