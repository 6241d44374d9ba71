"""Which papers a run owes its methods to, as BibTeX: one table, and the entries in `template/methods.bib`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from textcl.hub.recipe_parts import component_names, objectives_of, sources_of, views_of

# Component → the keys of its papers. One that rests on no paper has none; a user's own is not known here.
CITED: dict[str, tuple[str, ...]] = {
    # objectives
    "AnglE": ("li2023angle",),
    "BYOL": ("grill2020byol", "cao2022mocose"),
    "BarlowTwins": ("zbontar2021barlow",),
    "BatchAllTriplet": ("hermans2017defense",),
    "BatchHardTriplet": ("hermans2017defense",),
    "BatchSemiHardTriplet": ("schroff2015facenet",),
    "CLIP": ("radford2021clip",),
    "CoSENT": ("huang2024cosent",),
    "Contrastive": ("hadsell2006contrastive",),
    "CosineRegression": (),  # Sentence-BERT, which every card cites
    "Distillation": ("hinton2015distilling", "fang2021seed"),
    "InfoNCE": ("oord2018cpc",),
    "Matryoshka": ("kusupati2022matryoshka",),
    "MoCo": ("he2020moco", "cao2022mocose"),
    "SimCLR": ("chen2020simclr",),
    "SimSiam": ("chen2021simsiam",),
    "Sum": (),
    "SupCon": ("khosla2020supcon",),
    "SwAV": ("caron2020swav",),
    "Triplet": ("schroff2015facenet",),
    "VICReg": ("bardes2022vicreg",),
    # augmentations
    "AdjacentSpan": ("giorgi2021declutr",),
    "BackTranslated": ("xie2020uda",),
    "CaseNoise": (),
    "Chain": (),
    "FeatureCutoff": ("yan2021consert",),
    "MaskedSubstitution": ("chuang2022diffcse",),
    "OneOf": (),
    "PunctuationNoise": ("karimi2021aeda",),
    "Sometimes": (),
    "SpanCrop": ("izacard2022contriever",),
    "Synonyms": ("miller1995wordnet", "wei2019eda"),
    "Template": ("jiang2022promptbert",),
    "TokenCutoff": ("yan2021consert",),
    "TokenShuffle": ("yan2021consert",),
    "Typos": ("belinkov2018noise",),
    "WordDeletion": ("wei2019eda",),
    "WordRepetition": ("wu2022esimcse",),
    "WordShuffle": ("lample2018unsupervised",),
    "WordSwap": ("wei2019eda",),
    # sources
    "WordNet": ("miller1995wordnet",),
}
_DROPOUT_VIEWS = "gao2021simcse"
_ALWAYS = ("reimers2019sbert", "gao2021gradcache")  # the format of the model, and the way its gradients are computed
_PLAIN_TEXTS = ("TextLines", "FolderLines", "FolderTexts")
_ENTRY = re.compile(r"^@\w+\{(\w+),.*?^\}", re.M | re.S)


def citations(recipe: Mapping[str, Any]) -> list[str]:
    """Return the BibTeX entries of the methods that a run used, each once."""
    return [entries()[key] for key in dict.fromkeys(_keys(recipe))]


@cache
def entries() -> dict[str, str]:
    """Return every BibTeX entry by its key."""
    text = (files("textcl.hub") / "template" / "methods.bib").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in _ENTRY.finditer(text)}


def _keys(recipe: Mapping[str, Any]) -> Iterator[str]:
    for part in (*objectives_of(recipe), views_of(recipe), sources_of(recipe)):
        for name in component_names(part):
            yield from CITED.get(name, ())
    if _are_dropout_views(recipe):
        yield _DROPOUT_VIEWS
    yield from _ALWAYS


def _are_dropout_views(recipe: Mapping[str, Any]) -> bool:
    """Whether the positive of a text is the text itself, told apart by dropout."""
    if any(view.get("augment") or view.get("input") for view in views_of(recipe)):
        return False
    return all(source["use"] in _PLAIN_TEXTS or source.get("positive", "") is None for source in sources_of(recipe))
