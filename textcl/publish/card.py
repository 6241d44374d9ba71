"""The model card of a run."""

from pathlib import Path

from textcl.errors import PublishError


def render_card(run: Path, repo: str | None) -> str:
    """Return the card of a run, README.md with its front matter.

    Args:
        run: The run folder.
        repo: The repository that it is for; None: not known yet.

    Raises:
        PublishError: The folder lacks something.
    """
    if not (run / "run.json").is_file():
        raise PublishError(f"{run} has no run.json.")
    lines = ["library_name: sentence-transformers", "pipeline_tag: sentence-similarity", "tags: [textcl]"]
    return "\n".join(["---", *lines, "---", "", f"# {repo or run.name}", ""])
