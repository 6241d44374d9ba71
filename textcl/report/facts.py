"""What stands at the head of a page: the run in a few lines, from its recipe and its provenance."""

from collections.abc import Mapping
from typing import Any

from textcl.report.component_words import component_words
from textcl.report.run_files import RunFiles
from textcl.report.wording import number

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
