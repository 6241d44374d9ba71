"""What a model folder says of itself to those who use it: its towers, and how each makes vectors of texts."""

from dataclasses import dataclass
from pathlib import Path

from transformers import AutoConfig

from textcl.encoder.modules import MODULES
from textcl.encoder.router import Tower, read_towers
from textcl.errors import ModelError
from textcl.types import Role

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
        prompts.get(Role.ANCHOR, ""),
        prompts.get(Role.POSITIVE, ""),
    )


def _facts(tower: Tower, texts: str, role: Role, folder: Path) -> TowerFacts:
    settings = tower.settings
    subfolder = tower.folder.relative_to(folder).as_posix()
    return TowerFacts(
        texts,
        "" if subfolder == "." else subfolder,
        settings.pooling,
        settings.pool_prompt,
        settings.prompts.get(role, ""),
        settings.max_length,
        bool(settings.dense),
    )


def _dimension(tower: Tower) -> int:
    if tower.settings.dense:
        return tower.settings.dense[-1].width
    return int(AutoConfig.from_pretrained(tower.folder).hidden_size)
