"""The model card of a run: what it is, how to use it, what it was made from, and how well it does, by a template."""

import importlib
import importlib.resources
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from textcl.errors import DataError
from textcl.evaluation.kinds import kind_named
from textcl.evaluation.suites import is_user_set
from textcl.hub.card_facts import hyper_parameters, read_model, sources, views
from textcl.hub.card_metadata import card_metadata
from textcl.hub.recipe_parts import (
    PublishedRecipe,
    base_words,
    component_names,
    is_local,
    objectives_of,
    sources_of,
    views_of,
)
from textcl.report.page import last_part, versions
from textcl.report.page_data import RunFiles, checked, read_run
from textcl.report.score_rows import bounds, caution, compared, headlines, number, points
from textcl.util.visible import cell, code, one_line


def repetition(files: RunFiles, name: str) -> str:
    """Return the command.

    Args:
        files: Of the run folder.
        name: The model's id on the Hub.
    """
    changes = (shlex.quote(one_line(f"{key}={value}")) for key, value in _files(files))
    return " ".join(["textcl reproduce", name, *changes])


def _files(files: RunFiles) -> Iterator[tuple[str, str]]:
    """Yield the settings that name a file or folder, each with the last part of the name."""
    recipe = files.recipe
    for position, entry in enumerate(recipe["data"]["sources"]):
        location, source = f"data.sources.{position}", entry
        if "source" in entry:
            location, source = f"{location}.source", entry["source"]
        if source.get("path"):
            yield f"{location}.path", last_part(str(source["path"]))
    yield from _held_out(recipe["data"].get("held_out"))
    if is_local(recipe["encoder"], files):
        yield "encoder.backbone", last_part(str(recipe["encoder"]["backbone"]))
    yield from _new_words(recipe["encoder"])
    evaluation = recipe["evaluation"]
    if evaluation.get("data_dir"):
        yield "evaluation.data_dir", "FOLDER"  # of many files, and its own name may be that of its owner
    for position, entry in enumerate(evaluation.get("after") or ()):
        yield from _of_task(f"evaluation.after.{position}", entry)


def _held_out(held: object) -> Iterator[tuple[str, str]]:
    if isinstance(held, str):
        yield "data.held_out", last_part(held)
    elif isinstance(held, Mapping) and held.get("path"):
        yield "data.held_out.path", last_part(str(held["path"]))


def _new_words(encoder: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for location, section in (("encoder", encoder), ("encoder.documents", encoder.get("documents") or {})):
        if section.get("new_words"):
            yield f"{location}.new_words", last_part(str(section["new_words"]))


def _of_task(location: str, entry: str | Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(entry, str) and is_user_set(entry):
        kind, _, paths = entry.partition(":")
        if kind_named(kind).reads_files:
            yield location, f"{kind}:{','.join(last_part(path.strip()) for path in paths.split(','))}"
    elif isinstance(entry, str) and entry.endswith((".yaml", ".yml")):
        yield location, f"./{last_part(entry)}"
    elif isinstance(entry, Mapping) and entry["source"].get("path"):
        yield f"{location}.source.path", last_part(str(entry["source"]["path"]))


def render_card(run: Path, repo: str | None) -> str:
    """Return the README.md of a run's model, its metadata at the head.

    No file of a machine is named with the way to it, and no text of the training or evaluation data is shown.

    Args:
        run: The run folder.
        repo: Where the model will be found; None: the card names it after its recipe, with `your-name` before it.

    Raises:
        DataError: It is no run folder, or a file in it cannot be read.
        ModelError: The run has not come to its end, and has no model.
    """
    files = read_run(run)
    _refuse_another(files, run)
    facts = read_model(run / "model")
    name = repo or f"your-name/{files.recipe['name']}"
    report = files.report
    rows = headlines(compared(report["before"], report["after"], report["difference"])) if report else []
    body = (
        _environment()
        .get_template("card.md.j2")
        .render(
            name=name,
            title=name.rpartition("/")[2],
            model=facts,
            base=base_words(files),
            is_random=files.recipe["encoder"]["random_init"],
            sources=sources(files),
            views=views(files.recipe),
            data=files.provenance.get("data") or {},
            hyper_parameters=hyper_parameters(files),
            rows=rows,
            caution=caution(rows),
            leakage=report.get("leakage"),
            limits=report.get("limits") or {},
            exports=files.exports,
            versions=versions(files),
            python=files.provenance.get("python", ""),
            reproduce=repetition(files, name),
            citations=citations(files.recipe),
        )
    )
    return f"---\n{card_metadata(files, rows, name).to_yaml()}\n---\n\n{body}"


def _refuse_another(files: RunFiles, run: Path) -> None:
    """Raise where the recipe is not the one that textcl train left, with every default spelled out."""
    checked(files.recipe, PublishedRecipe, run / "recipe.yaml")
    data = files.provenance.get("data") or {}
    missing = next((fact for fact in ("rows", "fingerprint") if data and fact not in data), None)
    if missing is not None:
        raise DataError(f"{run / 'run.json'}: data.{missing} is missing, and the card tells it. Bring it back.")
    mix = data.get("sources", [])
    if mix and len(mix) != len(files.recipe["data"]["sources"]):
        raise DataError(f"{run}: recipe.yaml and run.json do not have the same sources. Bring both back.")


@cache  # a template is compiled once a process
def _environment() -> Environment:
    environment = Environment(  # noqa: S701 (Markdown: nothing is escaped as HTML would be, cells by `cell`)
        loader=PackageLoader("textcl.hub", "template"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals |= {"points": points, "bounds": bounds, "number": number}
    environment.filters |= {"cell": cell, "code": code, "quoted": json.dumps}
    return environment


# Which papers a run owes its methods to, as BibTeX: components name keys, `template/methods.bib` has the entries.
_ROOMS = ("textcl.objectives", "textcl.augment", "textcl.data")  # whose components name their papers
_DROPOUT_VIEWS = "gao2021simcse"
_GUIDE = "solatorio2024gist"  # of an objective
_TEACHER_OF_ONE_TEXT = "reimers2020multilingual"
_ALWAYS = ("reimers2019sbert", "gao2021gradcache")  # the format of the model, and the way its gradients are computed
_PLAIN_TEXTS = ("TextLines", "FolderLines", "FolderTexts")
_ENTRY = re.compile(r"^@\w+\{(\w+),.*?^\}", re.M | re.S)


def citations(recipe: Mapping[str, Any]) -> list[str]:
    """Return the BibTeX entries of the methods that a run used, each once."""
    return [entries()[key] for key in dict.fromkeys(_keys(recipe))]


@cache
def entries() -> dict[str, str]:
    """Return every BibTeX entry by its key."""
    text = (importlib.resources.files("textcl.hub") / "template" / "methods.bib").read_text(encoding="utf-8")
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
    if any(_has_guide(objective) for objective in objectives_of(recipe)):
        yield _GUIDE
    teacher = (recipe.get("encoder") or {}).get("teacher")
    if isinstance(teacher, Mapping) and teacher.get("reads"):
        yield _TEACHER_OF_ONE_TEXT
    if _are_dropout_views(recipe):
        yield _DROPOUT_VIEWS
    yield from _ALWAYS


def _has_guide(part: Any) -> bool:
    """Whether an objective, or one inside it, has a guide; `Any`: its settings are of many kinds."""
    inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list | tuple) else ()
    return (isinstance(part, Mapping) and bool(part.get("guide"))) or any(map(_has_guide, inner))


def _are_dropout_views(recipe: Mapping[str, Any]) -> bool:
    """Whether the positive of a text is the text itself, told apart by dropout."""
    if any(view.get("augment") or view.get("input") for view in views_of(recipe)):
        return False
    return all(source["use"] in _PLAIN_TEXTS or source.get("positive", "") is None for source in sources_of(recipe))
