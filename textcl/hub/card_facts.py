"""What a run was trained on and how, for its card; files are named without the way to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from textcl.encoder.adapter import FOLDER as ADAPTER
from textcl.encoder.architectures import HALVES
from textcl.encoder.backbone import read_config
from textcl.encoder.dense import width_after
from textcl.encoder.folder_format import MODULES, Tower
from textcl.encoder.pooling import POOLINGS, modes_of
from textcl.encoder.router import read_towers
from textcl.encoder.static import open_static
from textcl.errors import ModelError
from textcl.hub.card_metadata import hub_datasets
from textcl.hub.recipe_parts import objectives_of, sources_of, views_of
from textcl.report.page import component_words, held_out_words, last_part, length_words
from textcl.report.page_data import RunFiles
from textcl.report.score_rows import number
from textcl.types.text import Role
from textcl.util.visible import cell

_TOWER_NAMES = (("queries", Role.ANCHOR), ("documents", Role.POSITIVE))


@dataclass(frozen=True, slots=True)
class TowerFacts:
    """One encoder of a model."""

    texts: str  # what it is for: queries or documents; texts, if it is for all
    subfolder: str  # of its transformer in the model folder; empty: the root
    pooling: str
    pool_prompt: bool
    prompt: str  # of its first role
    max_length: int | None  # tokens
    has_dense: bool  # whether layers follow the pooling
    is_plain: bool  # whether transformers' own class and one pooling give its vectors
    adapter: str  # where its adapter lies in the model folder; empty: it was trained without one


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model: one tower, or two."""

    towers: tuple[TowerFacts, ...]
    dimension: int
    query_prompt: str
    document_prompt: str

    @property
    def has_two_sides(self) -> bool:
        """Whether queries and documents are embedded each in their own way."""
        return len(self.towers) > 1 or self.query_prompt != self.document_prompt


def read_model(folder: Path) -> ModelFacts:
    """Read a model folder.

    Raises:
        ModelError: There is no model, or none that textcl opens.
    """
    if not (folder / MODULES).is_file():
        raise ModelError(f"{folder} holds no model: a run leaves it there when it ends. Train it to its end first.")
    towers = read_towers(folder)
    prompts = towers[0].settings.prompts
    names = _TOWER_NAMES if len(towers) > 1 else (("texts", Role.ANCHOR),)
    return ModelFacts(
        tuple(_facts(tower, *name, folder) for tower, name in zip(towers, names, strict=True)),
        _dimension(towers[0]),
        prompts.of(Role.ANCHOR).text,
        prompts.of(Role.POSITIVE).text,
    )


def _facts(tower: Tower, texts: str, role: Role, folder: Path) -> TowerFacts:
    settings = tower.settings
    subfolder = tower.folder.relative_to(folder).as_posix()
    return TowerFacts(
        texts,
        "" if subfolder == "." else subfolder,
        settings.pooling,
        settings.pool_prompt,
        settings.prompts.of(role).text,
        settings.max_length,
        bool(settings.dense),
        _is_plain(tower),
        (tower.folder / ADAPTER).relative_to(folder).as_posix() if (tower.folder / ADAPTER).is_dir() else "",
    )


def _is_plain(tower: Tower) -> bool:
    """Say whether a call of transformers' own class, and one pooling, give the vectors of a tower."""
    settings = tower.settings
    if (
        tower.is_static
        or settings.dense
        or settings.layer_mix is not None
        or settings.lengths
        or settings.pooling not in POOLINGS
    ):
        return False
    return read_config(tower.folder).model_type not in HALVES


def _dimension(tower: Tower) -> int:
    if tower.is_static:
        return open_static(tower).dimension
    pooled = len(modes_of(tower.settings.pooling)) * int(read_config(tower.folder).hidden_size)
    return width_after(tower.settings.dense, pooled)


Recipe = Mapping[str, Any]  # as its file reads: of many kinds
_HUB = "https://huggingface.co/datasets"


def sources(files: RunFiles) -> list[str]:
    """Return a line for each source of the training text, and one for each data set that the recipe says it is of."""
    recipe = files.recipe
    lines = [_source(source) for source in sources_of(recipe)]
    mix = (files.provenance.get("data") or {}).get("sources", [])
    if mix:
        lines = [f"{_amount(part)}: {line}" for part, line in zip(mix, lines, strict=True)]
    read = {source.get("id") for source in sources_of(recipe)}
    said = [f"said to be of [{cell(name)}]({_HUB}/{quote(name)})" for name in hub_datasets(recipe) if name not in read]
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
        "teacher": _teacher(encoder.get("teacher")),
        "held out": held_out_words(facts.get("data") or {}),
        "batch": f"{data['batch_size']:,} rows",
        "steps": f"{files.log[-1]['step']:,}" if files.log else "",
        "longest text": length_words(data["max_length"]),
        "dropout": "" if encoder.get("dropout") is None else number(float(encoder["dropout"])),
        "adapter": _adapter(encoder),
        "weights": "bf16" if encoder.get("weights") == "bf16" else "",
        "learning rate": _rate(training),
        "weight decay": number(float(training["weight_decay"])),
        "clipping": f"gradient norm {number(float(training['clip']))}",
        "optimiser": (training.get("optimiser") or {"use": "AdamW"})["use"],
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
    return f"[{cell(source['id'])}]({_HUB}/{quote(str(source['id']))}) ({cell(details)})"


def _amount(part: Mapping[str, Any]) -> str:
    return f"{cell(part['name'])}, {part['rows']:,} rows, {100 * part['share']:.1f} % of those drawn"


def _rate(training: Mapping[str, Any]) -> str:
    parts = [number(float(training["learning_rate"]))]
    heads = training.get("objective_learning_rate")
    parts += [f"{number(float(heads))} of the objective's own parameters"] if heads else []
    return ", ".join([*parts, f"warm-up over {100 * training['warmup']:g} % of the steps, then {training['schedule']}"])


def _teacher(teacher: str | Mapping[str, str] | None) -> str:
    if isinstance(teacher, Mapping):
        return f"{last_part(teacher['model'])}, which reads the {teacher['reads']}"
    return last_part(teacher) if teacher else ""


def _adapter(encoder: Mapping[str, Any]) -> str:
    settings = encoder.get("adapter")
    if not settings:
        return ""
    layers = ", ".join(settings["targets"]) if settings["targets"] else "queries and values"
    return f"LoRA of rank {settings['rank']}, alpha {number(float(settings['alpha']))}, on {layers}"


def _machine(facts: Mapping[str, Any]) -> str:
    if "device" not in facts:
        return ""
    count = facts.get("processes", 1)
    return f"{facts['device']}, {count} process{'' if count == 1 else 'es'}"
