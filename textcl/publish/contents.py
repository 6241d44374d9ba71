"""What of a run goes to the Hub: chosen file by file, cleaned of the machine's paths, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from textcl.errors import PublishError
from textcl.publish.card import render_card
from textcl.publish.guard import refuse_secrets
from textcl.publish.machine_paths import without_paths
from textcl.publish.upload import CARD, OF_RUN, RECIPE, Upload, belongs_to_model

_UNDERWAY = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [textcl]
---

# {name}, in training

The best model so far of a run of textcl: {note}. Training goes on; the model card, with what it was trained on and its
scores, takes the place of this page when it is done.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a run in words that hold no path of the machine."""

    recipe: str  # the resolved recipe, YAML
    stand_ins: Mapping[str, str]  # path → what is written in its place


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a run that are published."""

    run: Path
    files: tuple[Upload, ...]
    left_out: tuple[str, ...] = ()  # files of its model folder that are no part of a model
    message: str = ""  # of the commit

    @property
    def card(self) -> str:
        """The model card."""
        return next(_text(file) for file in self.files if file.path == CARD)


def contents_of(run: Path, told: Told, repo: str | None) -> Contents:
    """Gather what is published of a finished run.

    Args:
        run: The run folder; it is read and not changed.
        told: Its recipe, cleaned, and what stands in for the paths that the machine's files have.
        repo: The repository, which the card names; None: not known yet.

    Raises:
        PublishError: The folder lacks something, or a file holds a secret.
    """
    card = Upload(CARD, without_paths(render_card(run, repo), told.stand_ins).encode())
    beside = [
        Upload(name, without_paths((run / name).read_text(encoding="utf-8"), told.stand_ins).encode())
        for name in OF_RUN
        if (run / name).is_file()
    ]
    return _gathered(run, run / "model", [card, _recipe(told), *beside], f"The run {run.absolute().name}, by textcl")


def contents_underway(run: Path, model: Path, told: Told, note: str) -> Contents:
    """Gather what is published of a run that goes on.

    Args:
        run: The run folder.
        model: The folder of the model as it is now.
        told: The recipe, cleaned.
        note: What is said of the model: `step 250, stsb-dev/spearman 84.31`.

    Raises:
        PublishError: A file holds a secret.
    """
    card = Upload(CARD, _UNDERWAY.format(name=run.absolute().name, note=note).encode())
    return _gathered(run, model, [card, _recipe(told)], f"The best model so far: {note}")


def _gathered(run: Path, model: Path, texts: list[Upload], message: str) -> Contents:
    names = sorted(path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file())
    taken = [name for name in names if belongs_to_model(PurePosixPath(name))]
    if not any(name.endswith(".safetensors") for name in taken):
        raise PublishError(f"{model} holds no weights in safetensors. Train the run again.")
    files = (*texts, *(Upload(name, model / name) for name in taken))
    refuse_secrets(files, run)
    left_out = tuple(name for name in names if name not in taken and name != CARD)
    return Contents(run, files, left_out, message)


def _recipe(told: Told) -> Upload:
    return Upload(RECIPE, told.recipe.encode())


def _text(file: Upload) -> str:
    return (file.content if isinstance(file.content, bytes) else file.content.read_bytes()).decode()
