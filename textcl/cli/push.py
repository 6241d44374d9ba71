"""`textcl push`: a run goes to the Hub."""

from pathlib import Path
from typing import Annotated

import typer


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
    from textcl.cli.publishing import quiet_client, show_contents, show_pushed
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
