"""`report.html`: a run or an evaluation as one page that needs nothing but itself."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from textcl.report.figures import Curve, curve_figures, histogram_figures, map_figures, run_curves, score_figures
from textcl.report.page_data import PageData, RunFiles, TextMap, read_run
from textcl.report.score_rows import (
    DASH,
    ScoreRow,
    alone,
    bounds,
    caution,
    compared,
    headlines,
    main_rows,
    number,
    points,
)
from textcl.report.scores import Scores, as_json
from textcl.util.atomic import new_file
from textcl.util.visible import visible

_PATHS = ("path", "folder", "model")  # settings that name a file or folder
_WAY = re.compile(r"(\.{0,2}|~\w*|[A-Za-z]:)[\\/]")  # how a text begins that leads through folders
_LOCATION = re.compile(r"[\\/]")


def component_words(component: Mapping[str, Any]) -> str:
    """Write a component as its name, its inner components, and those settings that are numbers, words or lists of them.

    A file or folder is named without the way to it. Of a class that textcl does not know only numbers are told.

    Args:
        component: `use`, and the settings beside it; without `use` there are no words.
    """
    if "use" not in component:
        return ""
    name = str(component["use"])
    is_own = ":" not in name
    settings = {key: value for key, value in component.items() if key != "use"}
    parts = [part for value in settings.values() for part in _inner(value)]
    words = [f"{key} {_plain(key, value)}" for key, value in settings.items() if _is_shown(value, is_own)]
    name += f" of {', '.join(map(component_words, parts))}" if parts else ""
    return f"{name} ({', '.join(words)})" if words else name


def last_part(path: str) -> str:
    """Return the name of a file or folder, whichever system wrote the way to it."""
    return _LOCATION.split(path.rstrip("\\/"))[-1] or path


def _inner(value: object) -> Iterator[Mapping[str, Any]]:
    for entry in value if isinstance(value, list | tuple) else [value]:
        if isinstance(entry, Mapping) and "use" in entry:
            yield entry


def _is_shown(value: object, is_own: bool) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_shown(entry, is_own) for entry in value)
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and is_own)


def _plain(key: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_plain(key, entry) for entry in value)}]"
    if isinstance(value, str):
        return last_part(value) if key in _PATHS or _WAY.match(value) else value
    return number(value) if isinstance(value, float) else str(value)


def length_words(length: int | Mapping[str, int]) -> str:
    """Write how many tokens of a text a run keeps: one number, or one for each role."""
    if isinstance(length, int):
        return f"{length:,} tokens"
    return ", ".join(f"{role} {tokens:,}" for role, tokens in length.items()) + " tokens"


Facts = list[tuple[str, str]]  # name and value


def run_facts(files: RunFiles) -> Facts:
    """Return the settings that matter most; what a folder does not say is left out."""
    recipe, machine = files.recipe, files.provenance
    data, training = _section(recipe, "data"), _section(recipe, "training")
    facts = {
        "objective": component_words(_section(recipe, "objective")),
        "base model": _encoder(_section(recipe, "encoder")),
        "training data": _data(data, _section(machine, "data")),
        "held out": held_out_words(_section(machine, "data")),
        "batch": f"{data['batch_size']:,} rows" if "batch_size" in data else "",
        "steps": f"{files.log[-1]['step']:,} of {files.log[-1]['steps']:,}" if files.log else "",
        "longest text": length_words(data["max_length"]) if "max_length" in data else "",
        "stopped early": str(machine.get("stopped_early") or ""),
        "learning rate": _rate(training),
        "precision": str(training.get("precision", "")),
        "seed": str(recipe.get("seed", "")),
        "machine": _machine(machine),
    }
    return [(name, value) for name, value in facts.items() if value]


def versions(files: RunFiles) -> Facts:
    """Return the versions of what made the run."""
    packages = _section(files.provenance, "packages")
    return [(str(name), str(version)) for name, version in packages.items()]


def _section(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def _encoder(encoder: Mapping[str, Any]) -> str:
    name = str(encoder.get("backbone", ""))
    details = [f"{key} {encoder[key]}" for key in ("pooling", "layers", "dropout") if encoder.get(key) is not None]
    documents = _section(encoder, "documents").get("backbone")
    details += [f"documents by {documents}"] if documents else []
    return f"{name} ({', '.join(details)})" if details else name


def _data(section: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    rows = f"{found['rows']:,} rows" if "rows" in found else ""
    sources = [_source(source) for source in section.get("sources") or () if isinstance(source, Mapping)]
    return " of ".join(part for part in (rows, "; ".join(sources)) if part)


def held_out_words(found: Mapping[str, Any]) -> str:
    """Say how many rows are held out, for which tasks; `found` is the data section of `run.json`."""
    return "; ".join(f"{rows:,} rows, scored as {task}" for task, rows in _section(found, "held_out").items())


def _source(source: Mapping[str, Any]) -> str:
    if "use" not in source:
        objective = component_words(_section(source, "objective"))
        return f"{source.get('name')}: {_source(_section(source, 'source'))}{f' by {objective}' if objective else ''}"
    of = source.get("path") or source.get("packages") or ""
    named = ", ".join(map(str, of)) if isinstance(of, list | tuple) else str(of)
    return f"{source.get('use')} {named}".strip()


def _rate(training: Mapping[str, Any]) -> str:
    if "learning_rate" not in training:
        return ""
    parts = [number(float(training["learning_rate"]))]
    parts += [f"warm-up {100 * training['warmup']:g} %"] if "warmup" in training else []
    parts += [f"then {training['schedule']}"] if "schedule" in training else []
    return ", ".join(parts)


def _machine(machine: Mapping[str, Any]) -> str:
    if "device" not in machine:
        return ""
    count = machine.get("processes", 1)
    return f"{machine['device']}, {count} process{'' if count == 1 else 'es'}, {machine.get('platform', '')}".rstrip(
        ", "
    )


FILE = "report.html"
MODEL = "model"  # what the model of an evaluation is called
AGAINST = "against"  # and the one that it is compared with


def write_run_page(folder: Path) -> Path:
    """Write `report.html` of a run from what its folder holds, and return its path.

    Raises:
        DataError: It is no run folder, or a file in it cannot be read.
    """
    files = read_run(folder)
    report = files.report
    rows = compared(report["before"], report["after"], report["difference"]) if "difference" in report else []
    return _write(
        folder / FILE,
        kicker="A run of textcl",
        title=str(files.recipe.get("name", folder.name)),
        labels=("before", "after"),
        facts=run_facts(files),
        versions=versions(files),
        recipe=yaml.safe_dump(files.recipe, sort_keys=False, allow_unicode=True),
        rows=rows,
        curves=curve_figures(run_curves(files.log, files.evaluations)),
        data=files.data,
        leakage=report.get("leakage"),
        limits=report.get("limits") or {},
        exports=files.exports,
    )


def write_scores_page(
    path: Path,
    scores: Scores,
    data: PageData,
    facts: Facts,
    other: Scores | None = None,
    difference: Scores | None = None,
) -> Path:
    """Write the page of an evaluation, and return its path.

    Args:
        path: The file.
        scores: Of the model.
        data: What was seen of it, and of the other model if that was run too.
        facts: What stands at the head of the page; the first is the model.
        other: Scores of another model.
        difference: `scores` minus `other`, on the same items; empty or None: compared with none.
    """
    own = as_json(scores)
    return _write(
        path,
        kicker="An evaluation by textcl",
        title=facts[0][1],
        labels=(AGAINST, MODEL) if difference else (MODEL,),
        facts=facts,
        versions=[],
        recipe="",
        rows=compared(as_json(other), own, as_json(difference)) if other and difference else alone(own),
        curves=[],
        data=data,
        leakage=None,
        exports=[],
    )


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of a page; cells that are numbers stand on the right."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | float]]


def write_use_page(
    path: Path, kicker: str, facts: Facts, *, scores: Scores | None = None, other: Scores | None = None,
    difference: Scores | None = None, curves: Sequence[Curve] = (), text_map: TextMap | None = None,
    tables: Sequence[PageTable] = (),
) -> Path:  # fmt: skip
    """Write the page of what a model was used for, and return its path.

    Args:
        path: The file.
        kicker: What it is a page of, in words.
        facts: What stands at its head; the first is its title.
        scores: Of the model.
        other: Of another model, and `difference`, from it to the model, on the same items.
        difference: As `other`.
        curves: Under the scores.
        text_map: Of one model.
        tables: In their order.
    """
    own, compares = as_json(scores or {}), bool(other and difference)
    made = datetime.now().astimezone().isoformat(timespec="minutes")
    return _write(
        path,
        kicker=kicker,
        title=facts[0][1],
        labels=(AGAINST, MODEL) if compares else (MODEL,),
        facts=facts,
        versions=[],
        recipe="",
        rows=compared(as_json(other or {}), own, as_json(difference or {})) if compares else alone(own),
        curves=curve_figures(curves),
        curve_words=("Labels", "How much labels help: the mean over ten draws of so many labelled texts a class."),
        data=PageData(made, (MODEL,), {}, text_map, {}),
        leakage=None,
        exports=[],
        tables=tables,
    )


_TRAINING = (
    "Training",
    "First → last value beside each name. In a long run a point is the mean of several steps, and the band behind the "
    "line is their range.",
)


def _write(path: Path, *, rows: list[ScoreRow], data: PageData | None, **rest: Any) -> Path:
    rest = {"curve_words": _TRAINING, "tables": (), "limits": {}} | rest
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            rows=rows,
            headlines=headlines(rows),
            main=main_rows(rows),
            has_p=any(row.p is not None for row in rows),
            caution=caution(rows),
            figures=score_figures(rows),
            histograms=histogram_figures(data) if data else [],
            map=data.map if data else None,
            maps=map_figures(data.map, data.models) if data and data.map else [],
            models=data.models if data else (),
            queries=data.queries if data else {},
            made=data.made if data else "",
            textcl_version=version("textcl"),
            **rest,
        )
    )
    with new_file(path) as temporary:
        temporary.write_text(visible(text), encoding="utf-8", errors="replace")
    return path


@cache  # a template is compiled once a process
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("textcl.report", "template"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {"points": points, "bounds": bounds, "dash": DASH, **_assets(environment)}
    return environment


def _assets(environment: Environment) -> Mapping[str, Markup]:
    """Return style and script, and the digest by which the page lets this script run and no other."""
    assert environment.loader is not None, "the environment has one"
    style, script = (environment.loader.get_source(environment, name)[0] for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Both are files of this package, so there is nothing in them to escape.
    return {"style": Markup(style), "script": Markup(script), "script_digest": Markup(digest)}  # noqa: S704
