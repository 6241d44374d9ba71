"""What stands at the head of a page: the run in a few lines, from its recipe and its provenance."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from textcl.report.numbers import number
from textcl.report.page_data import RunFiles

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


Facts = list[tuple[str, str]]  # name and value


def run_facts(files: RunFiles) -> Facts:
    """Return the settings that matter most; what a folder does not say is left out."""
    recipe, machine = files.recipe, files.provenance
    data, training = _section(recipe, "data"), _section(recipe, "training")
    facts = {
        "objective": component_words(_section(recipe, "objective")),
        "base model": _encoder(_section(recipe, "encoder")),
        "training data": _data(data, _section(machine, "data")),
        "batch": f"{data['batch_size']:,} rows" if "batch_size" in data else "",
        "steps": f"{files.log[-1]['step']:,} of {files.log[-1]['steps']:,}" if files.log else "",
        "longest text": f"{data['max_length']:,} tokens" if "max_length" in data else "",
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
