"""Every run behind the table of augmentations: one recipe, the same sentences, and other views."""

import json
import re
from pathlib import Path

from store import Results
from trial import FOUR, LENGTH, SEEDS, Trial

from textcl.recipe.catalogue import entries
from textcl.recipe.components import AUGMENTATION, INPUT_AUGMENTATION

RECIPE = "crops"  # its learning rate, batch and objective for all; only the views are changed
SCORES = ("sts", "stsb-dev", "classic", "banking77")
PLAIN = "dropout alone"


def _views(anchor: str, positive: str, part: str = "augment") -> str:
    return f"[{{role: anchor, {part}: [{anchor}]}}, {{role: positive, {part}: [{positive}]}}]"


def _positive(change: str) -> str:
    return _views("", change)


CROP = "{use: SpanCrop, low: 0.3, high: 1.0}"
_TEMPLATES = ('This sentence : "{text}" means something.', 'This sentence of "{text}" means something.')
_ROWS = {  # with the settings that textcl has by default; the positive is changed, unless two views make the method
    PLAIN: _views("", ""),
    "word repetition": _positive("{use: WordRepetition}"),
    "span crop, both views": _views(CROP, CROP),
    "adjacent spans": _views("{use: AdjacentSpan, side: anchor}", "{use: AdjacentSpan, side: positive}"),
    "word deletion": _positive("{use: WordDeletion}"),
    "word swap": _positive("{use: WordSwap}"),
    "word shuffle": _positive("{use: WordShuffle}"),
    "synonyms": _positive("{use: Synonyms}"),
    "masked substitution": _positive("{use: MaskedSubstitution, model: MASKED_MODEL}"),
    "typos": _positive("{use: Typos}"),
    "case noise": _positive("{use: CaseNoise}"),
    "punctuation noise": _positive("{use: PunctuationNoise}"),
    "two templates": _views(*(f"{{use: Template, template: '{template}'}}" for template in _TEMPLATES)),
    "feature cutoff": _views("", "{use: FeatureCutoff}", "input"),
    "token cutoff": _views("", "{use: TokenCutoff}", "input"),
    "token shuffle": _views("", "{use: TokenShuffle}", "input"),
    "back-translation, p = 0.2": _positive("{use: BackTranslated, path: TRANSLATIONS, p: 0.2}"),
    "back-translation, p = 1": _positive("{use: BackTranslated, path: TRANSLATIONS, p: 1.0}"),
}


def _rows_by_name() -> dict[str, str]:
    """Return a row for each augmentation that has none above and needs no setting: the positive is changed by it."""
    written = " ".join(_ROWS.values())
    return {
        re.sub("(?<!^)(?=[A-Z])", " ", each.name).lower(): _views("", f"{{use: {each.name}}}", part)
        for room, part in ((AUGMENTATION, "augment"), (INPUT_AUGMENTATION, "input"))
        for each in entries(room)
        if all(each.settings.values()) and f"use: {each.name}" not in written
    }


VIEWS = _ROWS | _rows_by_name()
_CROPPED = f"[{{role: anchor, augment: [{CROP}]}}, {{role: positive, %s}}]"
COMBINATIONS = {  # crops first, since a trial showed that they alone raise this encoder; each with one thing more
    "crops + word deletion": _views(f"{CROP}, {{use: WordDeletion}}", f"{CROP}, {{use: WordDeletion}}"),
    "crops + synonyms": _CROPPED % f"augment: [{{use: Synonyms}}, {CROP}]",
    "crops + back-translation": _CROPPED % f"augment: [{{use: BackTranslated, path: TRANSLATIONS, p: 0.2}}, {CROP}]",
    "crops + token cutoff": _CROPPED % f"augment: [{CROP}], input: [{{use: TokenCutoff}}]",
}
_MADE = {"TRANSLATIONS": "back-translated.jsonl", "MASKED_MODEL": "masked-model"}  # in the work folder
_WANTS = {"Synonyms": "wordnet", "BackTranslated": "apertium", "MaskedSubstitution": "masked model"}


def row_trial(name: str, work: Path) -> Trial:
    """Return the first seed's run of a row or a combination; `work` holds what was made for it."""
    is_row = name in VIEWS
    views = (VIEWS if is_row else COMBINATIONS)[name]
    wanted = next((what for use, what in _WANTS.items() if use in views), "")
    for location, file in _MADE.items():
        views = views.replace(location, json.dumps(str(work / file)))
    changes = (FOUR, f"data.max_length={LENGTH}", f"data.views={views}")
    block = "augmentations" if is_row else "combinations"
    return Trial(block, name, "tuned", SEEDS[0], RECIPE, "wiki", changes, SCORES, wanted)


def best_combination(results: Results) -> str | None:
    """Return the combination that scores best on STS-B dev with the first seed; None: some of them wait to be run."""
    left_out = {name for name, reason in results.get("left_out", {}).items() if reason}
    keys = {name: row_trial(name, Path()).key for name in COMBINATIONS if name not in left_out}
    if not keys or any(key not in results["runs"] for key in keys.values()):
        return None
    return max(keys, key=lambda name: float(results["runs"][keys[name]]["scores"]["stsb-dev"]))
