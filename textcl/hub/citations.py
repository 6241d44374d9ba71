"""Which papers a run owes its methods to, as BibTeX: components name keys, `template/methods.bib` has the entries."""

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from textcl.hub.recipe_parts import component_names, objectives_of, sources_of, views_of

_ROOMS = ("textcl.objectives", "textcl.augment", "textcl.data")  # whose components name their papers
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


def papers_of(name: str) -> tuple[str, ...]:
    """Return the keys of the papers that a component names; none where it rests on no paper or is a user's own."""
    for room in _ROOMS:
        package = importlib.import_module(room)
        if name in package.__all__:
            papers: tuple[str, ...] = getattr(getattr(package, name), "papers", ())
            return papers
    return ()


def _keys(recipe: Mapping[str, Any]) -> Iterator[str]:
    for part in (*objectives_of(recipe), views_of(recipe), sources_of(recipe)):
        for name in component_names(part):
            yield from papers_of(name)
    if _are_dropout_views(recipe):
        yield _DROPOUT_VIEWS
    yield from _ALWAYS


def _are_dropout_views(recipe: Mapping[str, Any]) -> bool:
    """Whether the positive of a text is the text itself, told apart by dropout."""
    if any(view.get("augment") or view.get("input") for view in views_of(recipe)):
        return False
    return all(source["use"] in _PLAIN_TEXTS or source.get("positive", "") is None for source in sources_of(recipe))
