"""What of a run can be published, if it is done."""

from pathlib import Path

from textcl.errors import PublishError
from textcl.publish import Contents, contents_of
from textcl.recipe.telling import told_of
from textcl.recipe.yaml_text import read_yaml


def publishable(run: Path, repo: str | None) -> Contents:
    """Gather what is published of a run; nothing is sent.

    Args:
        run: The run folder; it is read and not changed.
        repo: The repository; None: not known yet.

    Raises:
        PublishError: It is no finished run, or a file of it holds a secret.
    """
    told = told_of(run)
    section = read_yaml(told.recipe, str(run / "recipe.yaml")).get("evaluation") or {}
    lacks = next((name for name in ("model", "report.json") if not (run / name).exists()), None)
    if lacks == "model" or (lacks is not None and section.get("after")):
        raise PublishError(
            f"{run} is not done: it has no {lacks}. Go on with it, then push: "
            f"textcl train {run / 'recipe.yaml'} --out {run} --resume"
        )
    return contents_of(run, told, repo)
