"""What a run was trained on and how, for its card; files are named without the way to them."""

from collections.abc import Mapping
from typing import Any

from textcl.publish.card_metadata import hub_datasets
from textcl.publish.markdown import cell
from textcl.publish.recipe_parts import objectives_of, sources_of, views_of
from textcl.report import RunFiles, component_words, last_part, number

Recipe = Mapping[str, Any]  # as its file reads: of many kinds
_HUB = "https://huggingface.co/datasets"


def sources(files: RunFiles) -> list[str]:
    """Return a line for each source of the training text, and one for each data set that the recipe says it is of."""
    recipe = files.recipe
    lines = [_source(source) for source in sources_of(recipe)]
    mix = files.provenance.get("data", {}).get("sources", [])
    if mix:
        lines = [f"{_amount(part)}: {line}" for part, line in zip(mix, lines, strict=True)]
    read = {source.get("id") for source in sources_of(recipe)}
    said = [f"said to be of [{name}]({_HUB}/{name})" for name in hub_datasets(recipe) if name not in read]
    return lines + said


def views(recipe: Recipe) -> list[str]:
    """Return a line for each view of a row that is made by changes of its text or of the encoder's input."""
    lines = []
    for view in views_of(recipe):
        changes = [component_words(change) for key in ("augment", "input") for change in view.get(key) or ()]
        lines.append(f"{view['role']}: {cell(', then '.join(changes) or 'the text as it is')}")
    return lines


def hyper_parameters(files: RunFiles) -> list[tuple[str, str]]:
    """Return the settings of a run by name; what its folder does not say is left out."""
    data, training = files.recipe["data"], files.recipe["training"]
    encoder, facts = files.recipe["encoder"], files.provenance
    found = {
        "objective": "; ".join(dict.fromkeys(map(component_words, objectives_of(files.recipe)))),
        "teacher": last_part(encoder["teacher"]) if encoder.get("teacher") else "",
        "batch": f"{data['batch_size']:,} rows",
        "steps": f"{files.log[-1]['step']:,}" if files.log else "",
        "longest text": f"{data['max_length']:,} tokens",
        "dropout": "" if encoder.get("dropout") is None else number(float(encoder["dropout"])),
        "learning rate": _rate(training),
        "weight decay": number(float(training["weight_decay"])),
        "clipping": f"gradient norm {number(float(training['clip']))}",
        "optimiser": "AdamW",
        "precision": str(training["precision"]),
        "seed": str(files.recipe["seed"]),
        "machine": _machine(facts),
    }
    return [(name, value) for name, value in found.items() if value]


def _source(source: Mapping[str, Any]) -> str:
    if source.get("use") != "HubDataset":
        return cell(component_words(source))
    rest = {key: value for key, value in source.items() if key not in ("use", "id")}
    details = ", ".join(f"{key} {value}" for key, value in rest.items() if isinstance(value, str | list))
    return f"[{source['id']}]({_HUB}/{source['id']}) ({details})"


def _amount(part: Mapping[str, Any]) -> str:
    return f"{cell(part['name'])}, {part['rows']:,} rows, {100 * part['share']:.1f} % of those drawn"


def _rate(training: Mapping[str, Any]) -> str:
    parts = [number(float(training["learning_rate"]))]
    heads = training.get("objective_learning_rate")
    parts += [f"{number(float(heads))} of the objective's own parameters"] if heads else []
    return ", ".join([*parts, f"warm-up over {100 * training['warmup']:g} % of the steps, then {training['schedule']}"])


def _machine(facts: Mapping[str, Any]) -> str:
    if "device" not in facts:
        return ""
    count = facts.get("processes", 1)
    return f"{facts['device']}, {count} process{'' if count == 1 else 'es'}"
