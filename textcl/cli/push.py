"""`textcl push`: a run goes to the Hub; and what a user sees of a run on its way there, after a training too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from textcl.hub.contents import Contents
    from textcl.hub.push import Pushed
    from textcl.hub.repository import Destination
    from textcl.recipe.schema import Recipe


def push(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="The repository: me/my-model, or a name alone for one of your own.")
    ],
    public: Annotated[bool, typer.Option("--public", help="Make the repository public. Default: private.")] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="Push to this branch; it is created if it does not exist.")
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Tag what is pushed.")] = None,
    pr: Annotated[bool, typer.Option("--pr", help="Open a pull request instead of changing the branch.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a model that textcl did not push, or a model card that was edited.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the files and show the model card; send nothing.")
    ] = False,
) -> None:
    """Publish a run on the Hugging Face Hub.

    Uploads the model, its model card, the recipe and the report. Log in first: `hf auth login`. After an interruption
    the same command goes on; files that have arrived are not sent again.
    """
    if pr and (tag or revision):
        raise typer.BadParameter("a pull request has no tag and no branch: it is opened on the main branch")
    from textcl.hub.push import full_name
    from textcl.hub.push import push as push_contents
    from textcl.hub.repository import Destination
    from textcl.workflows.publish import publishable

    destination = Destination(repo, not public, revision, tag, as_pull_request=pr, replaces=force)
    if dry_run:
        show_contents(publishable(run, repo if "/" in repo else f"your-name/{repo}"), destination)
        return
    quiet_client()
    try:
        pushed = push_contents(publishable(run, full_name(repo)), destination)
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. {repo} is as it was; the same command goes on with what is missing.", err=True)
        raise typer.Exit(130) from None
    show_pushed(pushed)


class Publisher(Protocol):
    """Publishes a run. Only rank 0 has one that does anything."""

    def check(self) -> None:
        """Make sure, before anything is trained, that the run can be published."""
        ...

    def best(self, note: str) -> None:
        """A better model was found on the way."""
        ...

    def finish(self) -> Pushed | None:
        """Publish the run, which is done."""
        ...


class Unpublished:
    """The publisher of a run that stays where it is."""

    def check(self) -> None:
        """Do nothing."""

    def best(self, note: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


def ready_to_publish(recipe: Recipe, folder: Path) -> Publisher:
    """Return what publishes a run, of which the Hub was asked whether it would take it; every rank calls this.

    Raises:
        PublishError: It would not, or cannot be reached.
    """
    from textcl.distributed import join_ranks

    ranks = join_ranks()
    publisher = _publisher_of(recipe, folder) if ranks.is_main else Unpublished()
    quiet_client()
    ranks.together(publisher.check)
    return publisher


def _publisher_of(recipe: Recipe, run: Path) -> Publisher:
    """Return what publishes a run as its recipe says."""
    from textcl.hub.repository import Destination
    from textcl.workflows.publish import HubPublisher

    section = recipe.hub
    if section.repo is None:
        return Unpublished()
    return HubPublisher(run, Destination(section.repo, section.private, section.revision), section.best_on_the_way)


def best_on_the_way(publisher: Publisher) -> Callable[[str], None]:
    """Return what sends a best model with no bar of its own among those of the training."""

    from textcl.util.quiet import without_bars

    def send(note: str) -> None:
        with without_bars():
            publisher.best(note)

    return send


def published(publisher: Publisher) -> None:
    """Publish a run that is done, if its recipe says so, and say where it is.

    Raises:
        PublishError: It could not be.
    """
    quiet_client()
    pushed = publisher.finish()
    if pushed is not None:
        show_pushed(pushed)


def show_pushed(pushed: Pushed) -> None:
    """Print where a run was published."""
    how = "private" if pushed.is_private else "public"
    tagged = f", tagged {pushed.tag}" if pushed.tag else ""
    done = "Pushed to" if pushed.has_changed else "All of it was there already:"
    typer.echo(f"{done} {pushed.url} ({how}{tagged})")


def show_contents(contents: Contents, destination: Destination) -> None:
    """Print where a push would go, its files with their sizes, and the card."""
    typer.echo(f"To {destination.repo}, {'private' if destination.private else 'public'}:")
    for file in contents.files:
        typer.echo(f"{file.size:>15,} bytes  {file.path}")
    typer.echo(f"{sum(file.size for file in contents.files):>15,} bytes  in {len(contents.files)} files")
    for name in contents.left_out:
        typer.echo(f"Left out, for it is no part of a model: {name}")
    typer.echo(f"\n{contents.card}")


def quiet_client() -> None:
    """Keep the Hub's client from lines that say what we say, and from bars where nobody looks."""
    from huggingface_hub.utils import disable_progress_bars, logging  # type: ignore[attr-defined]  # public, though not in its __all__

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # huggingface_hub says no types of it
    if not sys.stderr.isatty():
        disable_progress_bars()
