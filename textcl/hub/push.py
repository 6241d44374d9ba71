"""Send what is published of a run to the Hub, in one commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi, is_offline_mode
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from textcl.errors import PublishError
from textcl.hub.contents import Contents, Upload, speaks_of_model
from textcl.hub.repository import Destination, Repository, look_at, refuse_unfit

# The root of the errors of httpx or httpx2, whichever the client is built on.
_TRANSPORT: type[Exception] = HfHubHTTPError.__mro__[1]
# The client raises those of the transport, of files, and, around a failed upload, a RuntimeError.
_ERRORS: tuple[type[Exception], ...] = (_TRANSPORT, OSError, RuntimeError, ValueError)


@contextmanager
def explaining_errors(repo: str) -> Iterator[None]:
    """Turn what the Hub's client raises within a block into a `PublishError`.

    Args:
        repo: The repository that it is about.
    """
    try:
        yield
    except _ERRORS as error:
        raise PublishError(_reported(error, repo)) from error


def _reported(error: BaseException, repo: str) -> str:
    """Say what the first error in a chain of causes that is known means."""
    chain = list(_chain(error))
    answer = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if answer is not None:
        return _of_answer(answer, repo)
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "HF_HUB_OFFLINE is set, so nothing can be published. Unset it and push again."
    if any(isinstance(link, LocalTokenNotFoundError) for link in chain):
        return "Nobody is logged in to the Hub. Log in by hf auth login, or set HF_TOKEN to a token that may write."
    broken = next((link for link in chain if isinstance(link, _TRANSPORT)), None)
    if broken is not None:
        return (
            f"The Hub cannot be reached, or the connection broke ({_line(broken)}). {repo} is as it was, and so is "
            "the run; the same command goes on with what is missing."
        )
    return f"{repo}: the Hub's client gave up ({_line(chain[-1])}). The run is untouched."


def _of_answer(error: HfHubHTTPError, repo: str) -> str:
    """Say what an answer of the Hub means."""
    status, said = error.response.status_code, _said(error)
    namespace = repo.partition("/")[0]
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no such revision, and none can be made of that name{said}."
    if isinstance(error, RepositoryNotFoundError):
        return f"The Hub knows no repository {repo}, or the token may not see it{said}."
    words = {
        400: f"The Hub refuses what was sent for {repo}{said}.",
        401: f"The Hub does not take the token{said}. Log in again by hf auth login --force, or mend HF_TOKEN.",
        402: f"The Hub wants a paid plan for this{said}.",
        403: f"The token may not write to {repo}{said}. Take one with write permission for {namespace}, or push to a "
        "repository of your own.",
        409: f"{repo}: something stands in the way of it{said}. Try again.",
        412: f"{repo} was changed by somebody else meanwhile{said}. Push again.",
        429: f"The Hub has had too many requests from here{said}. Wait some minutes and push again.",
    }
    if status in words:
        return words[status]
    trouble = f"The Hub is in trouble (HTTP {status})" if status >= 500 else f"The Hub answers with HTTP {status}"
    return f"{trouble}{said}. {repo} is as it was; push again later, what has arrived is not sent twice."


def _said(error: HfHubHTTPError) -> str:
    """Return the Hub's own words, if it had any."""
    words = error.server_message or error.response.headers.get("X-Error-Message")
    return f" ({' '.join(words.split()).rstrip('.')})" if words else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


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
    with explaining_errors(destination.repo):
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
    with explaining_errors(repo):
        return f"{_client().whoami()['name']}/{repo}"


def check_destination(destination: Destination) -> None:
    """Make sure, as far as can be told without writing, that a push would succeed.

    Raises:
        PublishError: It would not.
    """
    with explaining_errors(destination.repo):
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
        parent_commit=repository.head if destination.revision is None else None,  # what was looked at
    )


def _addition(upload: Upload) -> CommitOperationAdd:
    return CommitOperationAdd(upload.path, upload.content)


def _tag(api: HfApi, repo: str, tag: str, commit: str) -> None:
    try:
        with explaining_errors(repo):
            api.create_tag(repo, tag=tag, revision=commit)
    except PublishError as error:
        raise PublishError(f"The run was pushed to {repo}, but could not be tagged {tag}: {error}") from error
