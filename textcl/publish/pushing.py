"""Send what is published of a run to the Hub, in one commit."""

from dataclasses import dataclass
from importlib.metadata import version

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi, is_offline_mode

from textcl.errors import PublishError
from textcl.publish.contents import Contents
from textcl.publish.faults import telling_faults
from textcl.publish.repository import Destination, Repository, look_at, refuse_unfit
from textcl.publish.upload import Upload, speaks_of_model


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push."""

    repo: str  # with its namespace
    url: str  # of the model, or of the pull request
    is_private: bool
    has_changed: bool  # False: all of it was there already
    tag: str | None


def push(contents: Contents, destination: Destination) -> Pushed:
    """Send files to the Hub; they appear there all at once or not at all.

    Files that the Hub has already are not sent again, also when an earlier push broke off before its commit.

    Args:
        contents: The files.
        destination: Where they go. The log-in and the endpoint are those of `huggingface_hub`.

    Raises:
        PublishError: Says why not; the run and the repository are as they were.
    """
    with telling_faults(destination.repo):
        api = _client()
        repository = look_at(api, destination)
        refuse_unfit(repository, destination)
        _prepare(api, repository, destination)
        commit = _commit(api, contents, repository, destination)
    if destination.tag is not None:
        _tag(api, repository.name, destination.tag, commit.oid)
    return Pushed(
        repository.name,
        commit.pr_url or f"{api.endpoint}/{repository.name}",
        is_private=repository.is_private if repository.exists else destination.private,
        has_changed=commit.oid != repository.head,
        tag=destination.tag,
    )


def full_name(repo: str) -> str:
    """Return the name of a repository with its namespace, which for a name alone is that of who is logged in.

    Raises:
        PublishError: The Hub does not say who that is.
    """
    if "/" in repo:
        return repo
    with telling_faults(repo):
        return f"{_client().whoami()['name']}/{repo}"


def check_destination(destination: Destination) -> None:
    """Make sure, as far as can be told without writing, that a push would succeed.

    Raises:
        PublishError: It would not.
    """
    with telling_faults(destination.repo):
        refuse_unfit(look_at(_client(), destination), destination)


def _client() -> HfApi:
    if is_offline_mode():
        raise PublishError("HF_HUB_OFFLINE is set, so nothing can be published. Unset it and push again.")
    return HfApi(library_name="textcl", library_version=version("textcl"))


def _prepare(api: HfApi, repository: Repository, destination: Destination) -> None:
    """Make the repository and the branch, where they are missing."""
    if not repository.exists:
        api.create_repo(repository.name, private=destination.private, exist_ok=True)
    if destination.revision is not None and not repository.has_revision:
        api.create_branch(repository.name, branch=destination.revision, exist_ok=True)


def _commit(api: HfApi, contents: Contents, repository: Repository, destination: Destination) -> CommitInfo:
    """Send the files, and take away what is left of an earlier model that has others."""
    wanted = {upload.path for upload in contents.files}
    stale = sorted(path for path in repository.files - wanted if speaks_of_model(path))
    return api.create_commit(
        repository.name,
        [*map(_addition, contents.files), *(CommitOperationDelete(path, is_folder=False) for path in stale)],
        commit_message=contents.message,
        revision=destination.revision,
        create_pr=destination.as_pull_request,
    )


def _addition(upload: Upload) -> CommitOperationAdd:
    return CommitOperationAdd(upload.path, upload.content)


def _tag(api: HfApi, repo: str, tag: str, commit: str) -> None:
    try:
        with telling_faults(repo):
            api.create_tag(repo, tag=tag, revision=commit)
    except PublishError as error:
        raise PublishError(f"The run was pushed to {repo}, but could not be tagged {tag}: {error}") from error
